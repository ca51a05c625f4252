"""OpenID Connect, as the party that relies on a district's own provider: addresses, exchange, keys, ID tokens. Knows no people."""
