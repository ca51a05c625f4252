"""Activation keys on paper: a page a person, in English and the language of the home, for window envelopes.

`facts` is what a letter tells, `page` puts it into words and HTML, `press` has PDF made of it in a process of its own, which is
`__main__`: there and nowhere else WeasyPrint is imported (the extra `pdf`), in `sheets`.
"""
