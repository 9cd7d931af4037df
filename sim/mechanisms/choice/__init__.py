"""Causes of a choice: which models are seen, what is expected of them, and how their prices weigh."""
