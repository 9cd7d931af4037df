"""The page of the study: docs/cross-validation.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analysis.numerals import NONE, counted
from analysis.proportions import wilson
from sim.scenario.shipped import WORLDS
from sim.world import source_digest
from testbed.claims import goals
from testbed.claims.frequency import DIRECTIONS, GOAL, Frequency
from testbed.claims.registry import Entry
from testbed.markdown import heading, row
from testbed.studies.cross_validation.study import Found, of

PROGRAM = "python -m testbed.studies.cross_validation"
PAGE = WORLDS.parent / "docs" / "cross-validation.md"
USES = {
    "fitted": "the fit to all claims was for it",
    "given up": "it cannot hold together with others, and the fit gave it up (docs/calibration.md)",
    "not fitted": "calibration may use it, but it is no condition on who uses what: a place, a sub-tag, what is on "
    "offer, or a statistic that is not linear (docs/calibration.md)",
    "validation": "nobody looked at it while the world was made",
    "definition": "it says how to measure",
}
"""What is done with a claim."""


def page(found: Found, command: str) -> str:
    """The page as Markdown."""
    lines = ["# Does the calibrated world know what it was not told?", "", *_made(found, command), ""]
    for title, part in (
        ("In short", _in_short(found)),
        ("What this is", _explained(found)),
        ("By section", _sections(found)),
        ("The fits", _fits(found)),
        ("Claim by claim", _claims(found)),
    ):
        lines += [f"## {title}", "", *part, ""]
    return "\n".join(lines).rstrip() + "\n"


def use(found: Found, entry: Entry) -> str:
    """What was done with a claim: a key of `USES`."""
    if entry.id in found.whole.asked:
        return "fitted"
    if entry.id in found.whole.entered:
        return "given up"
    side = goals.side_of(entry.claim)
    return "not fitted" if side == "calibration" else side or "definition"


def held(frequencies: Iterable[Frequency | None]) -> tuple[int, int]:
    """Of some claims, how many hold in at least 80% of the replicates, and how many can be told."""
    told = [f for f in frequencies if f is not None and f.counted is not None]
    return sum(goals.holds(f) for f in told), len(told)


def share(count: tuple[int, int]) -> str:
    """`12 of 15 (80%, 55 to 93%)`: with Wilson's 95% interval."""
    part, whole = count
    if not whole:
        return NONE
    low, high = wilson(part, whole)
    return f"{part} of {whole} ({part / whole:.0%}, {100 * low:.0f} to {100 * high:.0f}%)"


def _made(found: Found, command: str) -> list[str]:
    settings = found.workshop.settings
    return [
        f"Made by `{command}`, version {source_digest()[:10]}. Each fit: {settings.users:,} users, the mean of "
        f"{counted(len(settings.seeds), 'seed')} (master seed {settings.master}), "
        f"{counted(settings.steps, 'step')}. Each world is judged by "
        f"the logs of {len(found.fitted.seeds)} seeds (master seed {found.fitted.master_seed}), none of which was "
        "fitted."
    ]


def _fitted(found: Found, section: str | None = None) -> list[Entry]:
    """The claims that the fit to all was for, of one section or of all."""
    return [
        entry for entry in found.workshop.claims
        if entry.id in found.whole.asked and section in (None, entry.section)
    ]  # fmt: skip


def _counts(found: Found, section: str | None = None) -> tuple[tuple[int, int], ...]:
    """Of the fitted claims of a section, or of all: held before any fit, when fitted, when their section was left out.
    Then of the validation claims: held in the world fitted to all."""
    mine = _fitted(found, section)
    others = [
        e for e in found.workshop.claims if use(found, e) == "validation" and section in (None, e.section)
    ]
    return (
        held(of(found.before, entry.id) for entry in mine),
        held(of(found.fitted, entry.id) for entry in mine),
        held(found.without(entry) for entry in mine),
        held(of(found.fitted, entry.id) for entry in others),
    )


def _in_short(found: Found) -> list[str]:
    before, fitted, left_out, validation = map(share, _counts(found))
    kept: list[str] = []
    lost: list[str] = []
    for entry in _fitted(found):
        one, other = of(found.fitted, entry.id), found.without(entry)
        if one is not None and goals.holds(one) and other is not None:
            (kept if goals.holds(other) else lost).append(entry.id)
    return [
        f"Of the claims that the world was fitted to, {fitted} hold. When each section of the report is left out in "
        f"turn, so that the world is fitted to the other sections alone, {left_out} hold. Before any fit, {before} "
        f"hold. Of the claims for validation, which no fit ever used, {validation} hold in the world fitted to all.",
        "",
        f"Holds when fitted and when its section was left out ({len(kept)}): {', '.join(kept) or 'none'}.",
        "",
        f"Holds when fitted, and not without ({len(lost)}): {', '.join(lost) or 'none'}.",
    ]


def _explained(found: Found) -> list[str]:
    seeds = len(found.fitted.seeds)
    return [
        "A world that was fitted to a number shows that number. That says how good the fit is, and nothing of whether "
        "the world is right. So each section of the report is left out in turn: the world is fitted to the claims of "
        "the other sections alone, and is then asked about those that it was not told. This is called "
        "cross-validation. A claim that holds even so follows from the other sections and from how users choose; one "
        "that holds only when it is fitted was put in. One that held before any fit owes the fit nothing.",
        "",
        f"Every world is run on the same {seeds} seeds, none of which was fitted, and judged by its logs as a real "
        f"gateway's would be. A claim counts as held if it holds in at least {GOAL:.0%} of the seeds that can tell. "
        f"{DIRECTIONS}",
        "",
        "In brackets: the share, and Wilson's 95% interval of it. The interval takes the claims as independent draws. "
        "They are not: many speak of the same tokens, so the share is less sure than that. A section that is left out "
        "is not unknown altogether, either: other sections speak of the same market, and the plain facts that the "
        "world is given stay.",
    ]


def _sections(found: Found) -> list[str]:
    lines = heading("section", "fitted claims: before any fit", "fitted to all", "section left out",
                    "validation claims: fitted to all")  # fmt: skip
    titles = found.workshop.claims.titles
    for section, title in titles.items():
        counts = _counts(found, section)
        if any(whole for _, whole in counts):
            lines.append(row(title, *map(share, counts)))
    return [*lines, row("**all**", *map(share, _counts(found)))]


def _fits(found: Found) -> list[str]:
    lines = [
        "Conditions: those on who uses what, which hold on the expected amounts of the fitted seeds. A claim is given "
        "up where it cannot hold together with others.",
        "",
        *heading("fitted to", "claims", "given up", "conditions that hold"),
    ]
    for fold in (found.whole, *found.folds.values()):
        given_up = sorted(fold.entered - fold.asked)
        lines.append(row(
            f"all but {fold.left_out}" if fold.left_out else "all", str(len(fold.asked)),
            ", ".join(given_up) or "none", f"{fold.met} of {fold.conditions}",
        ))  # fmt: skip
    return lines


def _claims(found: Found) -> list[str]:
    claims = found.workshop.claims
    lines = [
        f"Seeds in which it holds, of those that can tell; bold where these are at least {GOAL:.0%} and it is more "
        "than luck. What was done with a claim:",
        "",
        *(f"- *{name}*: {meaning}" for name, meaning in USES.items()),
    ]
    for section, title in claims.titles.items():
        mine = [entry for entry in claims if entry.section == section and entry.claim.testable]
        if mine:
            lines += ["", f"### {title}", "", *_table(found, mine)]
    return lines


def _table(found: Found, entries: Sequence[Entry]) -> list[str]:
    lines = heading("id", "claim", "use", "before any fit", "fitted to all", "section left out")
    for entry in entries:
        one = of(found.before, entry.id), of(found.fitted, entry.id), found.without(entry)
        lines.append(row(entry.id, entry.claim.text, use(found, entry), *map(_often, one)))
    return lines


def _often(frequency: Frequency | None) -> str:
    """`8/10`; in bold if that is enough; that it is luck, or that no seed can tell."""
    if frequency is None:
        return NONE
    if not frequency.testable:
        return "cannot tell"
    text = f"{frequency.holds}/{frequency.testable}"
    if goals.holds(frequency):
        return f"**{text}**"
    return f"{text}, by luck" if frequency.shown == "not shown" and frequency.holds else text
