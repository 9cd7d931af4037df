"""Statistical inference on retention: verdicts on launch cohorts, survivor curves and plateaus, returns after silence.

`presence`, `panel`, `verdict` and `account` read a log; all else works on arrays and panels (counts, months of
activity), so that it runs on any log's numbers and on simulated ones alike.
"""
