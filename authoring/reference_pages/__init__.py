"""Pages of the documentation that are made of the code: `docs/reference/`.

python -m authoring.reference_pages        writes them; so does `make regold`
"""
