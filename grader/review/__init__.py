"""Grading by people: what they see, what they decide, and the desk they sit at."""
