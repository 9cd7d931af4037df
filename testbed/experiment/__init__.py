"""Experiments: a grid of worlds, changed causes and replicates, run on all cores and judged by patterns.

`plan` reads the file, `arms` enumerates what is run, `runs` carries one run out, `engine` spreads runs over processes
or a cluster, `store` remembers finished ones; `table`, `matrix`, `curves` and `page` sum them up.
"""
