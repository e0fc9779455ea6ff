"""Reports as students lay them out, committed as sources.

`python -m tests.grader.reading.corpus` reads them all and prints the share of pages that is right.
"""
