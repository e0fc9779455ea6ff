"""Written answers and the report: always for a person, with the evidence beside them."""
