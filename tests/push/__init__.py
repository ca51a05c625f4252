"""Push messages leave for real local servers that behave like the providers, or do not."""
