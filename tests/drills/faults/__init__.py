"""Faults of everything that the service needs, while people work: `catalogue.py` lists them, `scene.py` is the frame of each."""
