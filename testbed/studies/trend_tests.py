"""How often the tests of directions are wrong: `python -m testbed.studies.trend_tests` measures them on made series.

It writes docs/trend-tests.md, in four minutes on one core. What is made and what is counted:
`testbed.studies.directions`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from analysis.numerals import listed
from testbed import arguments
from testbed.claims.frequency import GOAL
from testbed.markdown import heading, row
from testbed.studies.directions import COLUMNS, LABELS, OTHERS, STEP, TRENDS, Family, measure
from testbed.studies.ending import again, write

PROGRAM = "python -m testbed.studies.trend_tests"
SETS = 400
SEED = 20260316  # not a seed of any test
Rates = list[tuple[Family, dict[str, float]]]


def study(families: Sequence[Family], sets: int, seed: int, place: int = 0) -> Rates:
    """Rates of families, each with draws of its own, from the seed, the place of the section and its own."""
    return [
        (family, measure(family, np.random.default_rng([seed, place, number]), sets))
        for number, family in enumerate(families)
    ]


def table(rates: Rates) -> list[str]:
    """Markdown: a row a family, a column a question, in per cent of sets. Nulls are marked."""
    lines = heading("the truth", *COLUMNS)
    lines[1] = "|---|" + "--:|" * len(COLUMNS)
    for family, found in rates:
        name = f"{family.name} (null)" if family.null else family.name
        lines.append(row(name, *(f"{100 * found[column]:.1f}" for column in COLUMNS)))
    return lines


def worst(rates: Rates, column: str) -> str:
    """The largest false-positive rate of a column, with where it is."""
    rate, name = max((found[column], family.name) for family, found in rates if family.null)
    return f"{rate:.1%} ({name})"


def markdown(rates: Sequence[Rates], sets: int, command: str) -> str:
    """The page. rates: of each of SECTIONS, the trends of a census first."""
    everything = [one for section in rates for one in section]
    steps = [found for family, found in rates[0] if STEP in family.name]
    alone, together = (
        listed([f"{found[column]:.1%}" for found in steps]) for column in ("one history", "world of 20")
    )
    half = 196 * (0.025 * 0.975 / sets) ** 0.5
    lines = [
        "# How often the tests of directions are wrong",
        "",
        f"Made by `{command}`: {sets} sets of 20 replicates a row, so that a rate of 2.5% is known to within "
        f"{half:.1f} points.",
        "Cells are in per cent of the sets. The claim is always that the number goes up. In a row marked (null) the",
        "world as such has no such direction: there the numbers are false positives, nominally 2.5%; elsewhere they",
        "are power.",
        "",
        f"- Largest false-positive rate of 20 replicates together: **{worst(everything, 'world of 20')}**; of 5: "
        f"{worst(everything, 'world of 5')}.",
        f"- Of a claim that they show together and that holds in at least {GOAL:.0%} of 20: "
        f"**{worst(everything, 'goal of 20')}**; of 5: {worst(everything, 'goal of 5')}.",
        f"- Of the test of one history: {worst(everything, 'one history')}; of one simulated log, in which the "
        f"difference decides: {worst(everything, 'one simulated log')}.",
        f"- {STEP[0].upper()}{STEP[1:]} (autocorrelation 0 and 0.8): the test of one history finds it in {alone} of "
        f"draws, 20 replicates in {together} of sets.",
        "",
        *TEXT.splitlines(),
    ]
    for (title, about, _), section in zip(SECTIONS, rates, strict=True):
        lines += ["", f"## {title}", "", about, "", *table(section)]
    return "\n".join([*lines, "", *KEPT.splitlines(), ""])


def main(argv: list[str] | None = None) -> int:
    """Run the study and write the page."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--sets", type=arguments.positive_integer, default=SETS, help=f"sets a row (default: {SETS})"
    )
    parser.add_argument("--seed", type=arguments.whole_number, default=SEED, help=f"default: {SEED}")
    parser.add_argument("--out", type=Path, default=Path("docs/trend-tests.md"), help="the page to write")
    arguments.add_overwrite(parser)
    args = parser.parse_args(arguments.at_home(sys.argv[1:] if argv is None else argv))

    def work() -> str:
        rates = [
            study(families, args.sets, args.seed, place) for place, (*_, families) in enumerate(SECTIONS)
        ]
        return markdown(rates, args.sets, again(PROGRAM, args, {"sets": SETS, "seed": SEED}))

    return write(parser.prog, args.out, args.overwrite, work)


SECTIONS: tuple[tuple[str, str, Sequence[Family]], ...] = (
    (
        "Trends",
        "A weekly share of all tokens, 56 weeks where nothing else is said, with 1 point of luck a week and the\n"
        "autocorrelation given. Where each draw wanders, the test of one history is right about its draw, which did\n"
        "rise, and wrong about the world.",
        TRENDS,
    ),
    (
        "Trends of labelled requests",
        "A weekly share in a sample of labels, 30 weeks; nothing else is luck. The sizes of requests are lognormal,\n"
        "so that n of them are worth about a third of n of equal size.",
        LABELS,
    ),
    (
        "Releases and authors",
        "C21 and C22: the response of a share with 1 point of luck a week, in a log that begins 48 weeks before the\n"
        "main window, as that of the report's world, where nothing else is said. C33: authors whose shares change by\n"
        "1 bit (standard deviation) for what they are, the same in all replicates, and by 0.3 bits by luck.",
        OTHERS,
    ),
)

TEXT = """\
## What is tested, and on what

| the log | a trend | C21, C22 | C33 |
|---|---|---|---|
| one history: any log that no simulated run wrote | Mann-Kendall, over weeks | against other weeks | t over authors |
| one simulated log | end less start decides; of labels, its interval | the response decides | the difference decides |
| replicates of a world, together | t over replicates | t over replicates | t over replicates |

**What is the sampling unit?** A test asks whether a number would come out so again if what was drawn were drawn anew.

- In *one history* nothing can be drawn anew. Its weeks are all there is, and the test takes them for a process that
  could have gone otherwise. It pays for that: a step looks like autocorrelation, which widens it.
- A *simulated log* is a census. Its weekly sums count every request of the world, so end less start (means of four
  weeks each) is a fact of it and no estimate. The six releases of C21 and C22 are the six that the figure marks, not
  six of many. The authors of C33 are all open authors of that world with 1% or more of open tokens, not a sample of
  authors. An interval over weeks, releases or authors answers a question that nobody asks of such a log.
- What can be drawn anew is the *world*: who comes, what they need, what they meet. So the replicates are the sampling
  units. A direction holds in a replicate or not, by its own number, as it does in one simulated log. That says little
  by itself, since a world without the direction shows it in half of its replicates. So the replicates must also show it
  together: the mean of the number lies on the claimed side with its whole t interval. Where they do not, it holds by
  luck: it is marked so, and no total counts it, in however many replicates it holds.
- *Labelled requests* are a sample in a simulated log, too. There end less start has the interval of that sample, which
  must lie on the claimed side in each replicate.

**What it does not say.** That a world has a direction between these weeks, at these dates, among these authors is not
its cause. If something else of the world's calendar lifts a share at the dates of the releases, C21 finds a response.
If the authors who release keep their share for what they are, C33 finds an advantage: in the rows "apart as it happens"
the two sides of the world do differ, and the replicates say so. Causes are for experiments, which take them away.

The columns: *one history*, the test of a log that no simulation wrote, asked of one replicate. *one simulated log*, the
verdict of `slipper check RUN`; *not weak*, it holds and the test of one history agrees. *world of n*, n replicates show
the direction together (`slipper check SCENARIO --seeds n`). *goal of n*, they do, and it holds in at least 80%."""

KEPT = """\
## What keeps its test

- Signs and comparisons without `over: replicates` in the list of claims keep the interval of their statistic in all
  logs. Some of these intervals are over weeks, too (in C20, C28, C31, C55, C66, C67, C68); the list of what to mend was
  settled before any fit and does not name them.
- What is flat (`trend` flat) is judged by its margin, in all logs alike.
- The response to releases as one history (C21, C22) finds too much, as the nulls show, most of all in a log of 56
  weeks: few weeks are left there to tell what is usual. It is read with care."""


if __name__ == "__main__":
    sys.exit(main())
