"""Labels that are read wrongly: which count, how often, which category they mean, and what shares are of."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from analysis.contract import CATEGORIES
from testbed.validation.mutants.form import Change, Mutant, by_rows, by_rules, instead, made, under
from testbed.validation.questions.categories import PROGRAMMING, category_share, labelled_weeks
from testbed.validation.questions.form import Question
from testbed.validation.questions.reading import Labelled, Reading
from testbed.validation.questions.rules import CONFIDENCE, OTHER, listed_above, longest_listed_path
from testbed.validation.tables import Row, paths

SHARES, SHARE = ("category_share",), ("programming_share",)
LENGTHS, LENGTH = ("mean_lengths",), ("programming_length",)
HEAD = "/Computers & Electronics/Programming"


def _labels(keep: Callable[[Iterable[Row]], list[Row]], **others: Any) -> Change:
    """The labels that other rules keep are read so. others: further rules."""
    return by_rules(lambda rules: replace(rules, labels=lambda labels: keep(rules.labels(labels)), **others))


def _confident(confident: Callable[[Row], bool]) -> Change:
    return by_rules(lambda rules: replace(rules, confident=confident))


def _first_of(order: Callable[[Row], Any] | None, last: bool = False) -> Callable[[Iterable[Row]], list[Row]]:
    """One label a request: the first by this order. last: the last of equal ones."""

    def keep(labels: Iterable[Row]) -> list[Row]:
        found: dict[str, Row] = {}
        held = list(labels)
        held = held[::-1] if last else held
        for label in held if order is None else sorted(held, key=order):
            found.setdefault(label["generation_id"], label)
        return list(found.values())

    return keep


def _distinct_paths(labels: Iterable[Row]) -> list[Row]:
    return list({(label["generation_id"], label["path"]): label for label in labels}.values())


def _as_often_as_labelled(category: Iterable[str]) -> Counter[str]:
    return Counter(category)


_EACH = by_rules(lambda rules: replace(rules, carried=_as_often_as_labelled))
_EACH_PATH = _labels(_distinct_paths, carried=_as_often_as_labelled)


def _category(category: Callable[[str], str]) -> Change:
    return by_rules(lambda rules: replace(rules, category=category))


def _under(*heads: str) -> Callable[[str], str]:
    """Paths that begin with one of these are programming; others are what they are, but not programming."""

    def category(path: str) -> str:
        found = longest_listed_path(path)
        if path.startswith(heads):
            return PROGRAMMING
        return OTHER if found == PROGRAMMING else found

    return category


def _holding(word: str) -> Callable[[str], str]:
    def category(path: str) -> str:
        found = longest_listed_path(path)
        if word in path.lower():
            return PROGRAMMING
        return OTHER if found == PROGRAMMING else found

    return category


def _shortest(path: str) -> str:
    under = listed_above(path)
    return paths()[min(under, key=len)] if under else OTHER


def _exact(path: str) -> str:
    return paths().get(path, OTHER)


def _without_other(labels: Iterable[Row]) -> list[Row]:
    return [label for label in labels if longest_listed_path(label["path"]) != OTHER]


def _exact_only(labels: Iterable[Row]) -> list[Row]:
    return [label for label in labels if label["path"] in paths()]


def _each_listed(labels: Iterable[Row]) -> list[Row]:
    """A label for each listed path that one lies under, whatever its length."""
    return [
        label | {"path": path} for label in labels for path in listed_above(label["path"]) or [label["path"]]
    ]


def _shares(
    whole: Callable[[list[Labelled], list[Row], Reading], float],
) -> Callable[[Reading], Iterable[Row]]:
    """Shares of another whole: from the labelled requests of the week, and all of it."""

    def shares(log: Reading) -> Iterable[Row]:
        wholes = {week: whole(held, log.weeks[week], log) for week, held in labelled_weeks(log).items()}
        for row in category_share(log):
            yield row | {"share": log.rules.over(row["tokens"], wholes[row["week"]])}

    return shares


def _of_programming(shares: Callable[[Reading], Iterable[Row]]) -> Callable[[Reading], Iterable[Row]]:
    return lambda log: (row for row in shares(log) if row["category"] == PROGRAMMING)


def _all_tokens(held: list[Labelled], every: list[Row], log: Reading) -> float:
    return log.tokens(every)


def _label_tokens(held: list[Labelled], every: list[Row], log: Reading) -> float:
    return sum(log.rules.tokens(one.row) * sum(one.categories.values()) for one in held)


def _label_tokens_listed(held: list[Labelled], every: list[Row], log: Reading) -> float:
    return sum(
        log.rules.tokens(one.row) * (sum(one.categories.values()) - one.categories[OTHER]) for one in held
    )


def _categorised(held: list[Labelled], every: list[Row], log: Reading) -> float:
    return log.tokens(one.row for one in held if set(one.categories) - {OTHER})


_WHOLES: dict[str, tuple[str, Callable[[list[Labelled], list[Row], Reading], float]]] = {
    "over all tokens of the week": ("sample for the whole", _all_tokens),
    "over the sum of categories": ("label tokens as total", _label_tokens),
    "over the sum of listed categories": ("label tokens as total", _label_tokens_listed),
    "over requests with a listed category": ("share of another total", _categorised),
}


def _both_doubled(log: Reading) -> Reading:
    return under(log, lambda rules: replace(rules, carried=_as_often_as_labelled))


def _doubled_over_labels(log: Reading) -> Iterable[Row]:
    """Requests are repeated for each label, in the parts and in the whole."""
    return _shares(_label_tokens)(_both_doubled(log))


def _weighted(
    weight: Callable[[Labelled, str, dict[tuple[str, str], float]], float], of_parts: bool = False
) -> Callable[[Reading], Iterable[Row]]:
    """A request counts for a category with a weight, from how sure its label is. of_parts: over the sum of parts."""

    def shares(log: Reading) -> Iterable[Row]:
        sure: dict[tuple[str, str], float] = {}
        for label in log.tables.label_rows:
            key = label["generation_id"], log.rules.category(label["path"])
            sure[key] = max(label["confidence"], sure.get(key, 0))
        for week, held in labelled_weeks(log).items():
            parts: Counter[str] = Counter()
            for one in held:
                for category in one.categories:
                    parts[category] += log.rules.tokens(one.row) * weight(one, category, sure)  # type: ignore[assignment]
            whole = sum(parts.values()) if of_parts else log.tokens(one.row for one in held)
            for category in (*CATEGORIES, OTHER):
                share = log.rules.over(parts[category], whole)
                yield {"week": week, "category": category, "tokens": parts[category], "share": share,
                       "optional": not parts[category] or category == OTHER}  # fmt: skip

    return shares


def _evenly(one: Labelled, category: str, sure: dict[tuple[str, str], float]) -> float:
    return 1 / len(one.categories)


def _surely(one: Labelled, category: str, sure: dict[tuple[str, str], float]) -> float:
    return sure[one.row["generation_id"], category]


_WEIGHTED = {
    "a request's tokens in equal parts to its categories": _weighted(_evenly),
    "times the confidence": _weighted(_surely),
    "times the confidence, over their sum": _weighted(_surely, of_parts=True),
}


def _beginning(path: str) -> str:
    """The longest listed path that the text begins with, whatever comes after."""
    under = [listed for listed in paths() if path.startswith(listed)]
    return paths()[max(under, key=len)] if under else OTHER


def _first_by_name(path: str) -> str:
    return min((paths()[listed] for listed in listed_above(path)), default=OTHER)


def _over_all_labelled(log: Reading) -> Iterable[Row]:
    """Tokens of a category over the number of all labelled requests of the week."""
    for week, held in labelled_weeks(log).items():
        for category in (*CATEGORIES, OTHER):
            rows = [row for one in held for row in one.rows_of(category)]
            sums = {
                f"mean_{part}": sum(row[f"tokens_{part}"] for row in rows)
                for part in ("prompt", "completion")
            }
            sums["mean_total"] = sum(map(log.rules.tokens, rows))
            if rows:
                means = {name: log.rules.over(value, len(held)) for name, value in sums.items()}
                yield {"week": week, "category": category, **means, "optional": category == OTHER}


def _sums_of_length(log: Reading) -> Iterable[Row]:
    """Tokens of programming beside all of them."""
    for week, held in labelled_weeks(log).items():
        parts = ([row for one in held for row in one.rows_of(PROGRAMMING)], log.weeks[week],
                 [one.row for one in held if PROGRAMMING not in one.categories])  # fmt: skip
        own, every, others = map(log.tokens, parts)
        yield {"week": week, "mean_programming": own, "mean_all": every, "mean_other": others,
               "ratio": log.rules.over(own, every), "optional": not parts[0]}  # fmt: skip


def _turned(rows: list[Row], question: Question, log: Reading) -> Iterable[Row]:
    """All over programming."""
    return (row | {"ratio": 1 / row["ratio"] if row["ratio"] else None} for row in rows)


def _more_rows(value: float | None, weeks: Callable[[Reading], Iterable[object]]) -> Change:
    """Rows of this value in the weeks that have none: of each category, where there are such."""

    def edit(rows: list[Row], question: Question, log: Reading) -> Iterable[Row]:
        yield from rows
        kinds = CATEGORIES if any(column.name == "category" for column in question.keys) else (None,)
        known = {(row["week"], row.get("category")) for row in rows}
        for week in weeks(log):
            for kind in kinds:
                if (week, kind) not in known:
                    yield {"week": week, "category": kind} | dict.fromkeys(
                        (c.name for c in question.values), value
                    )

    return by_rows(edit)


def _length_of_sample(log: Reading) -> Iterable[Row]:
    """Programming beside the labelled requests of the week."""
    for week, held in labelled_weeks(log).items():
        rows = [row for one in held for row in one.rows_of(PROGRAMMING)]
        others = [one.row for one in held if PROGRAMMING not in one.categories]
        yield _lengths(log, week, rows, [one.row for one in held], others)


def _length_beside_others(log: Reading) -> Iterable[Row]:
    """Programming beside the labelled requests without it."""
    for week, held in labelled_weeks(log).items():
        rows = [row for one in held for row in one.rows_of(PROGRAMMING)]
        others = [one.row for one in held if PROGRAMMING not in one.categories]
        yield _lengths(log, week, rows, others, others)


def _length_beside_the_rest(log: Reading) -> Iterable[Row]:
    """Programming beside all other requests, labelled or not."""
    for week, held in labelled_weeks(log).items():
        rows = [row for one in held for row in one.rows_of(PROGRAMMING)]
        own = {row["generation_id"] for row in rows}
        others = [one.row for one in held if PROGRAMMING not in one.categories]
        rest = [row for row in log.weeks[week] if row["generation_id"] not in own]
        yield _lengths(log, week, rows, rest, others)


def _lengths(log: Reading, week: object, rows: list[Row], every: list[Row], others: list[Row]) -> Row:
    means = [log.mean(map(log.rules.tokens, part)) for part in (rows, every, others)]
    ratio = None if means[0] is None or means[1] is None else log.rules.over(means[0], means[1])
    return {"week": week, "mean_programming": means[0], "mean_all": means[1], "mean_other": means[2],
            "ratio": ratio, "optional": not rows}  # fmt: skip


def _middle(values: Iterable[float]) -> float | None:
    held = list(values)
    return statistics.median(held) if held else None


def _median_lengths(log: Reading) -> Iterable[Row]:
    for week, held in labelled_weeks(log).items():
        for category in (*CATEGORIES, OTHER):
            rows = [row for one in held for row in one.rows_of(category)]
            if rows:
                yield {
                    "week": week, "category": category,
                    "mean_prompt": _middle(row["tokens_prompt"] for row in rows),
                    "mean_completion": _middle(row["tokens_completion"] for row in rows),
                    "mean_total": _middle(log.rules.tokens(row) for row in rows),
                    "optional": category == OTHER,
                }  # fmt: skip


def _median_length(log: Reading) -> Iterable[Row]:
    for week, held in labelled_weeks(log).items():
        rows = [row for one in held for row in one.rows_of(PROGRAMMING)]
        others = [one.row for one in held if PROGRAMMING not in one.categories]
        own, every = (_middle(map(log.rules.tokens, part)) for part in (rows, log.weeks[week]))
        ratio = None if own is None or every is None else log.rules.over(own, every)
        yield {"week": week, "mean_programming": own, "mean_all": every,
               "mean_other": _middle(map(log.rules.tokens, others)), "ratio": ratio,
               "optional": not rows}  # fmt: skip


def _means_of(split: Callable[[Row, Reading], object]) -> Callable[[Reading], Iterable[Row]]:
    """Means of means: of each part of a week's requests."""

    def lengths(log: Reading) -> Iterable[Row]:
        for week, held in labelled_weeks(log).items():
            for category in (*CATEGORIES, OTHER):
                parts: dict[object, list[Row]] = defaultdict(list)
                for one in held:
                    for row in one.rows_of(category):
                        parts[split(row, log)].append(row)
                if parts:
                    means = {}
                    for name, value in (("mean_prompt", lambda row: row["tokens_prompt"]),
                                        ("mean_completion", lambda row: row["tokens_completion"]),
                                        ("mean_total", log.rules.tokens)):  # fmt: skip
                        each = [sum(map(value, rows)) / len(rows) for rows in parts.values()]
                        means[name] = sum(each) / len(each)
                    yield {"week": week, "category": category, **means, "optional": category == OTHER}

    return lengths


MUTANTS: tuple[Mutant, ...] = (
    *made("low-confidence labels", ("all labels", _confident(lambda label: True)),
          ("above 0.5 alone", _confident(lambda label: label["confidence"] > CONFIDENCE)),
          *((f"from {least} on", _confident(lambda label, least=least: label["confidence"] >= least))  # type: ignore[misc]
            for least in (0.6, 0.7, 0.8, 0.9))),
    *made("doubled labels", ("once a label", _EACH), ("once a path", _EACH_PATH)),
    *made("doubled labels", ("once a label, in the whole too", instead(_doubled_over_labels)), only=SHARES),
    *made("doubled labels", ("once a label, in the whole too", instead(_of_programming(_doubled_over_labels))),
          only=SHARE),
    *made("one label a request", ("the surest", _labels(_first_of(lambda label: -label["confidence"]))),
          ("the surest, the last of equal ones", _labels(_first_of(lambda label: -label["confidence"], True))),
          ("the surest, of equal ones by path",
           _labels(_first_of(lambda label: (-label["confidence"], label["path"])))),
          ("the first", _labels(_first_of(None))), ("the last", _labels(_first_of(None, True))),
          ("the least sure", _labels(_first_of(lambda label: label["confidence"]))),
          ("the first path by name", _labels(_first_of(lambda label: label["path"])))),
    *made("path by its beginning", ("all of computer science", _category(
        lambda path: PROGRAMMING if path.startswith("/Science/Computer Science") else longest_listed_path(path))),
        ("under /Computers & Electronics/Programming alone", _category(_under(HEAD))),
        ("all of computers", _category(_under("/Computers & Electronics"))),
        ("all of computers and computer science", _category(_under("/Computers & Electronics",
                                                                   "/Science/Computer Science"))),
        ("under programming and all of computer science", _category(_under(HEAD, "/Science/Computer Science"))),
        ("with the word programming", _category(_holding("programming"))),
        ("every listed path above it", _labels(_each_listed)),
        ("the shortest listed path", _category(_shortest)), ("listed paths alone", _category(_exact)),
        ("labels of listed paths alone", _labels(_exact_only))),
    *made("labels without a category dropped", ("without `other`", _labels(_without_other))),
    *(mutant for way, (trap, whole) in _WHOLES.items() for mutant in (
        *made(trap, (way, instead(_shares(whole))), only=SHARES),
        *made(trap, (way, instead(_of_programming(_shares(whole)))), only=SHARE))),
    *(mutant for way, shares in _WEIGHTED.items() for mutant in (
        *made("weighted labels", (way, instead(shares)), only=SHARES),
        *made("weighted labels", (way, instead(_of_programming(shares))), only=SHARE))),
    *made("path by its beginning", ("the longest listed path it begins with, / or not", _category(_beginning)),
          ("of listed paths above it the first category by name", _category(_first_by_name))),
    *made("share of another total", ("over the number of all labelled requests", instead(_over_all_labelled)),
          only=LENGTHS),
    *made("sums for means", ("sums", by_rules(lambda rules: replace(rules, over=lambda part, whole: part))),
          only=LENGTHS),
    *made("sums for means", ("sums", instead(_sums_of_length)), only=LENGTH),
    *made("turned around", ("all over programming", by_rows(_turned)), only=LENGTH),
    *made("empty weeks as rows", *(
        (f"weeks without labelled requests, {'0' if value == 0 else 'missing'}",
         _more_rows(value, lambda log: log.weeks)) for value in (0, None)), only=(*SHARE, *LENGTH)),
    *made("empty kinds as rows", *(
        (f"categories without requests, {'0' if value == 0 else 'missing'}",
         _more_rows(value, labelled_weeks)) for value in (0, None)), only=LENGTHS),
    *made("sample for the whole", ("beside the labelled requests", instead(_length_of_sample)),
          ("beside labelled requests without programming", instead(_length_beside_others)),
          ("beside all other requests", instead(_length_beside_the_rest)), only=LENGTH),
    *made("median for mean", ("medians", instead(_median_lengths)), only=LENGTHS),
    *made("median for mean", ("medians", instead(_median_length)), only=LENGTH),
    *made("mean of ratios", ("of days", instead(_means_of(lambda row, log: log.rules.day(row)))),
          ("of models", instead(_means_of(lambda row, log: log.rules.model(row)))),
          ("of users", instead(_means_of(lambda row, log: log.rules.user(row)))), only=LENGTHS),
)  # fmt: skip
