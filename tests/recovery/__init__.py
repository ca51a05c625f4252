"""Stories of getting back in: an address, a forgotten password, a forgotten username, a change that was not mine."""
