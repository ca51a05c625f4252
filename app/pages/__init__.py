"""Small built-in pages for people without the app: templates, and the files that they load."""
