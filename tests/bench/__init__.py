"""What the product does, against what the same machine could do at best: `python -m tests.bench`."""
