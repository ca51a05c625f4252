"""Requests and answers of the office desk, one file a subject."""
