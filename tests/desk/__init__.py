"""The desk as processes: real ones, that are killed, and asked by two at once."""
