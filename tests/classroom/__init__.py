"""The sample class through the real command, interrupted in every way."""
