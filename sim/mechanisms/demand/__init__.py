"""Causes of what work sends: on which days, how much, how long its requests are, and whether they use tools."""
