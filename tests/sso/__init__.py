"""Signing in by a district's own provider."""
