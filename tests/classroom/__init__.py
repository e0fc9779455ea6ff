"""The sample class through the real command, interrupted in every way, against what must come out."""
