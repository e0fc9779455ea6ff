"""Offerings for staff: notebooks from the master, a new folder, and whether all fits."""
