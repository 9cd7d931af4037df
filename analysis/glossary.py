"""The words of the field in plain sentences: one source for the page, the README and `slipper explain`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from analysis.contract import nearest_names


class Entry(NamedTuple):
    """One word. also: other forms by which it is found."""

    word: str
    meaning: str
    also: tuple[str, ...] = ()


ENTRIES: tuple[Entry, ...] = (
    Entry("glass slipper", "Cinderella's shoe fits one foot only. Here: a model that is the first to fit certain work "
          "keeps the users who bring that work, while users who come later hardly stay."),
    Entry("fit", "A model fits a piece of work if it can do it well enough, at a price that the work bears, and with "
          "what the work needs, such as tools or a long context."),
    Entry("hardness", "How able a model must be to do a piece of work. Hardness and ability share one scale."),
    Entry("margin", "Of a model for a piece of work: its ability, with how well the two match, minus the work's "
          "hardness. Below 0 the model is not able enough."),
    Entry("no fit", "All cohorts of a model are about alike and few users of any stay: the model suits nobody in "
          "particular."),
    Entry("backlog", "Work that no released model can do yet, or not at a bearable price. It waits, and comes at once "
          "when a model fits."),
    Entry("lock-in", "Leaving a model costs more the longer one has worked with it. A rival must be better by more "
          "than that.", ("lock in",)),
    Entry("cohort", "All users whose first request to a model falls in the same calendar month (UTC)."),
    Entry("launch cohort", "The cohort of the month in which a model comes into general use: that of its release or, "
          "where there is no release date or the log contradicts it, the first month seen. Months with a handful of "
          "testers before it do not count."),
    Entry("foundational", "Said of a launch cohort that stays clearly longer than every other cohort of the model, by "
          "more than chance, age and calendar explain.", ("foundational cohort", "foundational launch cohort")),
    Entry("dominant launch", "A foundational launch cohort beside which all later cohorts lie close together, under "
          "15% from month 3 on."),
    Entry("retention", "The share of a cohort that sends at least one request to the model in its month k, counted "
          "from the month of joining. Months without a request in between are allowed.", ("R", "R(k)")),
    Entry("boomerang", "Users who fell silent on a model, or left it for another, and came back.",
          ("resurrection", "reactivation")),
    Entry("spell", "A time in which one piece of work uses one model, be it on trial or as its home."),
    Entry("trial", "A short use of a model to find out whether it fits."),
    Entry("home", "The model that a piece of work has settled on."),
    Entry("multihoming", "Using several models at a time for the same work: a home, and one beside it that gets a part "
          "of the requests.", ("multi-homing",)),
    Entry("embedded", "Said of work that has settled on a model, its home. The longer it stays, the more leaving "
          "costs."),
    Entry("drift", "Cohorts get worse (or better) one after the other. A launch cohort that is merely the first of "
          "such a row is not special."),
    Entry("fragile", "Said of a lead that goes away when the same question is asked in another fair way, for example "
          "without accounts that are always on."),
    Entry("robustness check", "The same question asked in another fair way: without some users, months or cohorts, "
          "or with another unit. If the answer changes, it is not firm.", ("challenge",)),
    Entry("negative control", "Another model's launch cohort, in which nothing special is expected. If these lead as "
          "well, whoever comes first stays, with whatever model.", ("negative controls",)),
    Entry("false positive", "A launch cohort is called foundational although nobody in it is loyal.",
          ("false alarm", "false-positive rate")),
    Entry("power", "How often a loyal launch cohort that is there is found."),
    Entry("observed", "Said of a month of a cohort of which the log holds at least a part."),
    Entry("complete", "Said of a month of which the log covers every day, without a hole, so that a missing user is "
          "really missing. The first month counts from the log's first covered day on. Only complete months are "
          "compared."),
    Entry("plateau", "Where a retention curve stops falling: those who are still there hardly leave any more."),
    Entry("twin", "The same world with one cause flipped and all luck alike: the same users with the same work. What "
          "differs between the two is that cause's doing.", ("twin world",)),
    Entry("whale", "One account that sends a large share of all requests, often through many keys that never sleep."),
    Entry("wave", "Many newcomers within a few days, such as after a piece of news. Most of them only look around.",
          ("tourist wave", "wave of newcomers")),
    Entry("k-anonymity", "Results in which no number stands on fewer than k users, so that nobody can be read off "
          "them.", ("k anonymity", "small cell")),
    Entry("null world", "A simulated world without loyal users, in which something else looks like a glass slipper. "
          "It shows how often a method is fooled."),
)  # fmt: skip


def find(word: str) -> Entry | None:
    """The entry of a word or one of its other forms, in any letter case and with hyphens as blanks."""
    return _BY_NAME.get(_plain(word))


def nearest(word: str) -> list[str]:
    """Up to three words of the glossary that are spelt much like this one, or hold it."""
    asked = _plain(word)
    near = nearest_names.nearest(asked, _BY_NAME, most=3)
    near += [name for name in _BY_NAME if asked and asked in name]
    return list(dict.fromkeys(_BY_NAME[name].word for name in near))[:3]


def anchor(entry: Entry) -> str:
    """The id of an entry on a page."""
    return "word-" + re.sub(r"\W+", "-", entry.word.lower())


def split(text: str) -> list[tuple[str, Entry | None]]:
    """A text in pieces, each with the entry that it names, if it names one: the first mention of every word."""
    pieces: list[tuple[str, Entry | None]] = []
    told: set[str] = set()
    at = 0
    for found in _MENTION.finditer(text):
        entry = _BY_NAME[_singular(_plain(found[0]))]
        if entry.word in told:
            continue
        told.add(entry.word)
        pieces += [(text[at : found.start()], None), (found[0], entry)]
        at = found.end()
    return [piece for piece in [*pieces, (text[at:], None)] if piece[0]]


def markdown() -> str:
    """The glossary as a list in Markdown."""
    return "\n".join(f"- **{entry.word}**: {entry.meaning}" for entry in ENTRIES)


def _plain(word: str) -> str:
    return " ".join(word.lower().replace("-", " ").replace("_", " ").split())


def _singular(word: str) -> str:
    return word if word in _BY_NAME else word.removesuffix("s")


_BY_NAME: Mapping[str, Entry] = {
    _plain(name): entry for entry in ENTRIES for name in (entry.word, *entry.also)
}
# Long forms first: "launch cohort" is not a mention of "cohort". Words that are also everyday English are not linked.
_EVERYDAY = {
    "wave",
    "fit",
    "home",
    "embedded",
    "hardness",
    "margin",
    "complete",
    "observed",
    "power",
    "trial",
    "r",
    "r(k)",
    "spell",
}
_MENTION = re.compile(
    r"\b(?:"
    + "|".join(
        re.escape(name).replace(r"\ ", r"[ -]")
        for name in sorted(_BY_NAME, key=len, reverse=True)
        if name not in _EVERYDAY
    )
    + r")s?\b",
    re.IGNORECASE,
)
