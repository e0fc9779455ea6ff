"""What formula cells compute, against every convention and the student's own code.

They decide nothing. They tell a grader what a formula computes, and group equal ones.
"""
