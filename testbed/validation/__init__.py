"""Validation of a user's code: is this query right? Judged on small worlds whose answers are known."""
