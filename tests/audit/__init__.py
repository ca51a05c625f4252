"""The sealed audit trail: sealing, verifying, and the end of old events."""
