"""The mechanisms alone: passwords, tokens, keys."""
