"""The catalogues, one folder a language, and what keeps them complete: `python -m app.locales`."""
