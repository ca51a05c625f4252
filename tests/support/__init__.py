"""What the tests bring themselves: servers, databases, and the words they use for them."""
