"""Statistical inference on retention: survivor curves and plateaus, survival tests, returns after silence.

Everything here works on arrays (counts, months of activity, durations), so that it runs on any log's numbers and
on simulated ones alike; nothing here reads a log.
"""
