"""Stories of the HTTP interface: what users do, what they get, and what nobody gets away with."""
