"""Logs where they lie in a warehouse: how its address is read, how it is reached, and where its secrets come from."""
