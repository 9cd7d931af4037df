"""What the lessons compute of their worlds, in plain functions: the naive reading, and what is so."""
