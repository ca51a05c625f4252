"""What a district's office does at its desk, and an operator with a shell. Every service takes a `Clerk`; none outside needs one of these."""
