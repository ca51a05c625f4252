"""CAPTCHA providers behind one protocol: ALTCHA, which this service runs itself, and hosted ones."""
