"""Cohorts of one model: who was there in which month, and retention under each definition."""
