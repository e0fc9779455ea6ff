"""A whole class: from a folder of hand-ins to a gradebook, with nothing lost whatever dies.

* `records` holds what the modules below hand to each other.
"""
