"""Patterns: named questions to the outcome of one run, each answered by a value, and whether the pattern holds.

    @pattern("launch-retention")
    def launch_retention(outcome: Outcome, model: str, k: int = 5) -> Found:
        \"\"\"R(k) of the launch cohort of a model.\"\"\"

A pattern says what it `needs`: the *activity* of users by model and month, which is quick to simulate, or the whole
*log*. Arguments after the outcome are checked by their annotations. A module with patterns is named in
`registry.MODULES`.
"""

from testbed.patterns.registry import BadPattern, Bound, Found, Pattern, bind, matching, pattern, patterns

__all__ = ["BadPattern", "Bound", "Found", "Pattern", "bind", "matching", "pattern", "patterns"]
