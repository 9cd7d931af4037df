"""Small edits of a query, made in its text by the places of its tree."""
