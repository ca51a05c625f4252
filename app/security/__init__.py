"""Mechanisms, no stories: passwords, tokens, one-time secrets."""
