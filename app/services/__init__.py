"""The rules, one file a flow. They know no HTTP: the routers, the commands and the tests call them alike."""
