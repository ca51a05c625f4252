"""The built-in pages and the development mailbox, over HTTP."""
