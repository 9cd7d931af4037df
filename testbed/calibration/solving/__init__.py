"""Conditions on tokens solved: whether they can hold together, and the nearest tokens with which they do."""
