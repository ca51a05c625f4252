"""What tools of strangers find in the house: scanners over a live server with the demo, and over the code."""
