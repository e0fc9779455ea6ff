"""What will be run and asked: cells matched with the template, probes, expected outputs."""
