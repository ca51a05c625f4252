"""Requests and answers, one file a flow: what may come in, and how what the services give goes out."""
