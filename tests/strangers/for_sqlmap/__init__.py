"""What sqlmap loads: it wants a folder of its own."""
