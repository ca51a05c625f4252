"""The built-in pages in a real Chromium: `make browser`, a run of its own."""
