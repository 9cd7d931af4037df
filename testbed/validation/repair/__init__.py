"""A small change of a user's own code that makes it right on every world: generate and validate."""
