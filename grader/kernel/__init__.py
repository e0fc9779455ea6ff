"""What is loaded into the student's kernel: shims, recorders and the probe desk.

The folder is copied beside the run under the name `_pset4` and imported there; the grader itself
never imports it. It holds no expected value, no tolerance and no verdict, needs nothing but the
standard library, numpy and torch, and whatever it says is checked on the host.
"""
