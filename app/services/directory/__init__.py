"""The index behind the search for one's district: words, abbreviations, spelling, ranks."""
