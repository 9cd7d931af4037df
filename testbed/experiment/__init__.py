"""Experiments: a grid of worlds, changed causes and replicates, run on all cores and judged by patterns.

`reading` reads the file into a `plan`, `arms` enumerates what is run, `runs` carries one run out, `engine` spreads runs
over processes or a cluster, `store` remembers finished ones, `runner` does all of it; `findings` sums them up.
"""
