"""What comes after the run, within limits of its own: checks and pages of one submission, apart.

They work on what a stranger handed in, so each may take more memory or time than it should. They do
so in a process of their own. At a limit the step that reached it is given up, by name, and the rest
goes on in a fresh one: a check's part waits for a person, a page is made without pictures.

What else has to be known of the checks is asked of the same process (`asking`), so that whoever
strings the stages together needs no PyTorch.
"""
