"""What is right: layers and gradients, networks, attacks and feature visualisation.

The package holds the reference answers to MIT 6.819/6.869 Problem Set 4 and imports nothing from
`grader`. Problems 1 and 3 live in `conv`, `pool` and `numgrad`; Problem 2 in `images`, `classify`
and `networks`; Problem 4 in `steps`, `attack`, `dream` and `visualise`.
"""
