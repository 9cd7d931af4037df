"""Cohorts of one model: who was there in which month, from a log or simulated; retention under each definition."""
