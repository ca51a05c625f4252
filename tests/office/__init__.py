"""The office desk: staff who can help, and only they."""
