"""`make fuzz`: requests made up from the specification, for a real server with the demo districts, by everybody who may ask."""
