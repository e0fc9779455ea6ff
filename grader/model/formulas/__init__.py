"""Formula cells: equations that students write in a small plain syntax, read into a tree.

`grader.checks.formulas` evaluates and compares them; pages set them as formulas.
"""
