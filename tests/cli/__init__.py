"""The `campus` command, as operators and offices use it."""
