"""Statistical inference on retention: verdicts on launch cohorts, survivor curves and plateaus, returns after silence.

`user_months`, `panel`, `verdict` and `profile` read a log; all else works on arrays and panels (counts, months of
activity), so that it runs on any log's numbers and on simulated ones alike.
"""
