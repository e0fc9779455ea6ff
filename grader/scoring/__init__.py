"""From findings, lateness and what people decided to a grade sheet."""
