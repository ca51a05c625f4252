"""Processes killed (-9) at random points of request and delivery; afterwards nothing was lost or done twice: `python -m tests.drills`."""
