"""The agents' loops, compiled: they decide as the plain code in `sim.agents` does, for the same draws, in less time.

What the moves mean is said there; `tests/sim/agents/test_compiled_search.py` fails where the two part.
"""
