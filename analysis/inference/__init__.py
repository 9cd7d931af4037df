"""Statistical inference on retention: verdicts on launch cohorts, survivor curves and plateaus, survival tests, returns
after silence.

`presence`, `panel`, `verdict` and `account` read a log; all else works on arrays and panels (counts, months of
activity, durations), so that it runs on any log's numbers and on simulated ones alike.
"""
