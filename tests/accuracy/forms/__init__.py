"""Changes of form: what a notebook looks like without a difference in what it computes."""
