"""`make clients`: the specification in the hands of those who build apps. Linters, generated clients, and one of them at work."""
