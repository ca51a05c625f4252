"""Others who do what we do, in environments of their own: the same users, the same cost of a hash, the same questions."""
