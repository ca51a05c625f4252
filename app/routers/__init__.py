"""HTTP: one file a flow. An endpoint parses by its schema, calls one service and shapes the answer."""
