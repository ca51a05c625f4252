"""What an operator's own tools may be told: spans for OpenTelemetry, unexpected errors for Sentry. Both are extras, and off unless asked for.

Both are told by an allow-list: route templates, statuses, types and places of errors. Never a URL, a header, a body, a name, a value of the
database or of a variable. Where it is off nothing is imported but the empty list of watchers.
"""
