"""The reference front end (`examples/spa`) from another origin, driven through every story in a real browser."""
