"""What every stage shares: the records, the offerings, names of files, and how text is shown."""
