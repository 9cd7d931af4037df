"""Statistical inference on retention: verdicts on launch cohorts, survivor curves and plateaus, returns after silence.

`cohorts` reads a log, and so do `curves.profile` and `verdict`, which put the answers together. All else works on
panels and counts, so that it runs on any log's numbers and on simulated ones alike. The arrows: verdict -> error_rates
-> curves -> launch -> cohorts.
"""

from __future__ import annotations

SEED = 1  # of the simulations beside the verdicts: fixed, so that the same log has the same page
SIMULATIONS = 100  # panels for each error rate, at most
