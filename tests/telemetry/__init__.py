"""What leaves the house for tools of an operator, and what does not."""
