"""Signing in by a district's own provider: which providers there are, the way there and back, whose claims they are, the session."""
