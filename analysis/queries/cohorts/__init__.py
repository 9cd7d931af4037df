"""Cohorts of a model: their launch, and how much of them is still active, by each definition of that."""
