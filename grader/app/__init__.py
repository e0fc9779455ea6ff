"""The `grader` command and what it shows in a terminal."""
