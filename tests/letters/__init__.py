"""Keys as letters, really drawn: `make letters` brings what draws and reads them."""
