"""Which days a log covers: judged from the number of requests of each day, all models together.

A day is covered where a request would be in the log. A run's manifest states its days. Of any other log the counts
speak: a *hole* is a stretch of days with next to no rows between days with many, which chance cannot have made; *stray*
rows lie before or after the body of the log, cut off from it by such a silence, or on a first or last day that is there
in part. What is not covered is not known: it is neither zero nor a sign that nobody was there.

How a silence is judged. The level that it is compared with is the median of the same weekday in the weeks beside it, of
both sides the smaller one, so that weekends, growth, launches and bursts of a day make none; beside a launch the days
next to the silence tell that the larger level was reached. The chance of so few rows is that of a Poisson count of
batches, whose size is the log's own index of dispersion (the squares of the differences of a weekday's counts from one
week to the next, over their sums: 1 without batches). A silence that comes again at equal intervals, such as at the
ends of months or between monthly jobs, is a habit and no hole; losses that repeat at other times are holes. Of a week
or more, a loss of most rows is a hole as well, on a log that is at the same level before and after; where up to a
quarter is left, the days are covered, and told. So are last weeks of a log that have at most a quarter of what the
weeks before them lead to expect: nobody can say of them whether rows were lost or users left. Of 1,000 logs without
holes of each kind that the slow test in tests/analysis/sources/test_coverage.py makes (small, growing, weekend-silent,
bursty, hand-made, with launches, quiet weeks and more), at most 1% have a hole, and at most 1% a day cut off an end. A
hole in the first or the last week of a log is not told from its start or end.
"""

from __future__ import annotations

from analysis.sources.coverage.days import Coverage, Span
from analysis.sources.coverage.judgement import daily_rows, of_days, of_log

__all__ = ["Coverage", "Span", "daily_rows", "of_days", "of_log"]
