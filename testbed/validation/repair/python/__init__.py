"""Small edits of a Python file, made in its text by the places of its tree."""
