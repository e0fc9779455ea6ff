"""`python -m grader.app` is the `grader` command."""

from grader.app.main import run

run()
