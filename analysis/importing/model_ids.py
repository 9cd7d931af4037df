"""Which listed model an id means: gateways, vendors and versions spell one model in many ways.

The models table of the contract says what is listed. Ids are tried as they stand, as the version of a listed model,
without their date, with their words in another order (claude-4.5-haiku, claude-haiku-4-5), without or with another
author, without the vendor's revision (gemini-2.0-flash, for ...-001), and without what hosts make of names
(claude-3-5-sonnet-latest, gpt-35-turbo, amazon.nova-lite-v1:0, llama-v3p1-70b-instruct). A way counts only if it leads
to one model alone. What leads to none is kept as it stands; one that names no author gets that of all listed models of
its family (gemini-...), where they have one, and a model tuned from a listed one gets that one's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from analysis.contract import VARIANTS

AS_LISTED = "as listed"
VERSION = "a version of a listed model"
UNDATED = "its date left out"
SPELLING = "its words in another order"
AUTHOR = "its author supplied"
GATEWAY = "its author or gateway put right"
REVISION = "its revision supplied"
HOST = "its host's spelling put right"
LEAST_FAMILY = 8
"""Listed models of a family by whose name the author is known: names of smaller ones are words that others use
(assumed)."""

_DATE = re.compile(r"[-@](20\d\d-[01]\d-[0-3]\d|20\d\d[01]\d[0-3]\d)$")
_REGION = re.compile(r"^(us|eu|apac|global|jp|au|ca)\.(?=[a-z0-9]+\.)")
_VENDOR = re.compile(r"^[a-z0-9]+\.(?=[a-z])")  # Bedrock: anthropic.claude-...
_REVISION = re.compile(r"-v\d+(:\d+)?$")  # Bedrock: ...-v1:0
_HOSTED = re.compile(r"-\d+:\d+$")  # Bedrock: gpt-oss-120b-1:0
_TUNED = re.compile(r"^ft:([^:/]+):")  # OpenAI: ft:gpt-4o-mini-2024-07-18:acme::9AbC
_SDK = re.compile(r"^[a-z_-]+:(?=[a-z])")  # openai:gpt-4o
_BUILD = re.compile(r"-v\d+(?=[-@]20\d{6}$)")  # Vertex: claude-3-5-sonnet-v2@...
_NUMBER = re.compile(r"-00\d$")  # Google's revisions: gemini-2.0-flash-001
_FAMILY = re.compile(r"[a-z]{3,}(?=[-.\d]|$)")
_REWRITTEN = tuple(
    (re.compile(found), by)
    for found, by in (
        (r"\[1m\]$", ""),  # Claude Code: the model with a longer context
        (r":\d+$", ""),  # Bedrock: nova-lite-v1:0
        (
            r"^((claude|gpt)-.*\d.*)-latest$",
            r"\1",
        ),  # of one version; without one, it means another every year
        (r"^(claude-[a-z]+-\d)-0$", r"\1"),  # Anthropic: claude-sonnet-4-0
        (r"^gpt-35(?=-|$)", "gpt-3.5"),  # Azure
        (r"(?<=-)v?(\d)p(\d)(?=-)", r"\1.\2"),  # Fireworks: llama-v3p1
        (r"^llama(\d)-(\d)(?=-)", r"llama-\1.\2"),  # Bedrock: llama3-1-70b-instruct
    )
)
_PARTED = re.compile(r"(?<![\w.])(\d{1,2})-(\d{1,2})(?![\w.])")  # 4-5 for 4.5


@dataclass(frozen=True)
class Resolved:
    """What an id means. model: the listed one, or the id itself, with the author of its family where it names none.
    how: in which way; empty where it means none."""

    model: str
    variant: str | None
    how: str


@dataclass(frozen=True)
class ModelId:
    """An id of the source, and the model that it means. how: in which way it was found; empty: it was not, and stands
    in the log as it is, or with the author of its family before it."""

    id: str
    model: str
    rows: int
    how: str


def without_variants(models: pa.Table) -> pa.Table:
    """A models table in which no name has a variant's suffix, as the contract has it: each name once, the plain one's
    facts before the variant's."""
    rows = sorted(models.to_pylist(), key=lambda row: ":" in row["model"])
    named: dict[str, dict[str, object]] = {}
    for row in rows:
        plain = split_variant(row["model"])[0]
        named.setdefault(plain, {**row, "model": plain})
    return pa.Table.from_pylist(
        sorted(named.values(), key=lambda row: str(row["model"])), schema=models.schema
    )


def with_own(models: pa.Table, own: pa.Table) -> pa.Table:
    """A models table with the models of another one before it, in the place of those of the same name. Both have the
    same schema."""
    others = pc.invert(pc.is_in(models["model"], own["model"].combine_chunks()))
    return pa.concat_tables([own, models.filter(others)])


def split_variant(name: str) -> tuple[str, str | None]:
    """An id and its variant: only known variants are split off."""
    plain, colon, variant = name.rpartition(":")
    return (plain, variant.lower()) if colon and variant.lower() in VARIANTS else (name, None)


class Listed:
    """The listed models, found by any spelling that means one of them alone."""

    def __init__(self, models: pa.Table) -> None:
        listed = {str(name): str(name) for name in models["model"].to_pylist()}
        versions = models["model_permaslug"].to_pylist() if "model_permaslug" in models.column_names else []
        known = [
            *listed.items(),
            *((str(v), m) for v, m in zip(versions, listed.values(), strict=False) if v),
        ]
        tidy = [(_tidy(name), model) for name, model in known]
        tails = [(_tail(name), model) for name, model in tidy]
        own_tails = tails[: len(listed)]  # those of names, not of versions
        self._listed = _unique(tidy[: len(listed)])
        self._versions = _unique(tidy)
        self._spelt = _Spelt(tidy)
        self._tails = _unique(tails)
        self._spelt_tails = _Spelt(tails)
        self._unrevised = _unique((_NUMBER.sub("", tail), model) for tail, model in own_tails)
        families = [
            (family[0], model.partition("/")[0])
            for tail, model in own_tails
            if "/" in model and (family := _FAMILY.match(tail))
        ]
        sizes = Counter(family for family, _ in families)
        self._authors = _unique(pair for pair in families if sizes[pair[0]] >= LEAST_FAMILY)

    def resolve(self, name: str) -> Resolved:
        """What an id means."""
        plain, variant = split_variant(name.strip())
        tidy = _tidy(plain)
        tail = _tail(tidy)
        tail = _BUILD.sub("", _SDK.sub("", tail))
        if (bare := _VENDOR.sub("", _REGION.sub("", tail))) != tail:
            tail = _REVISION.sub("", bare)
        put_right = GATEWAY if "/" in tidy or tail != tidy else AUTHOR
        ways = (
            (self._listed, tidy, AS_LISTED),
            (self._versions, tidy, VERSION),
            (self._versions, _undated(tidy), UNDATED),
            (self._spelt, tidy, SPELLING),
            (self._tails, tail, put_right),
            (self._tails, _undated(tail), f"{put_right}, {UNDATED}"),
            (self._spelt_tails, tail, f"{put_right}, {SPELLING}"),
            (self._unrevised, tail, REVISION if "/" in tidy else f"{put_right}, {REVISION}"),
        )
        for known, key, how in ways:
            if (model := known.get(key)) is not None:
                return Resolved(model, variant, how)
        if (model := self._of_host(tidy, tail)) is not None:
            return Resolved(model, variant, HOST)
        tuned = _TUNED.match(plain)
        if tuned and "/" in (base := self.resolve(tuned[1]).model):  # a log's models have no colons
            return Resolved(f"{base.partition('/')[0]}/{plain.replace(':', '-')}", variant, "")
        family = None if {"/", ":"} & set(plain) else _FAMILY.match(tidy)
        author = self._authors.get(family[0]) if family else None
        return Resolved(f"{author}/{plain}" if author else plain, variant, "")

    def _of_host(self, tidy: str, tail: str) -> str | None:
        """The model that a host's spelling means; None where it means none, or several."""
        bare = _VENDOR.sub("", _REGION.sub("", _tail(tidy)))
        spelt = dict.fromkeys((bare, _HOSTED.sub("", bare), tail))
        author = _VENDOR.match(_REGION.sub("", _tail(tidy)))
        if author:  # Bedrock: deepseek.r1
            spelt[f"{author[0][:-1]}-{tail}"] = None
        for name in list(spelt):
            for found, by in _REWRITTEN:
                name = found.sub(by, name)
                spelt[name] = None
        known = (self._tails.get, self._spelt_tails.get)
        means = (
            model for name in spelt for get in known for one in (name, _undated(name)) if (model := get(one))
        )
        return next(means, None)


class _Spelt:
    """Models by the words of their names in any order.

    A model that is listed both without a date and with one is two: a date that is listed means the dated one, and any
    other, or none, the one without.
    """

    def __init__(self, known: Iterable[tuple[str, str]]) -> None:
        names = list(known)
        self._dated = _unique((_spelt(name), model) for name, model in names)
        self._undated = _unique((_spelt(_undated(name)), model) for name, model in names)

    def get(self, name: str) -> str | None:
        """The model that is spelt so, or None."""
        words, fewer = _spelt(name), _spelt(_undated(name))
        return self._dated.get(words) or self._dated.get(fewer) or self._undated.get(fewer)


def _unique(pairs: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Keys that lead to one model alone."""
    found: dict[str, set[str]] = {}
    for key, model in pairs:
        found.setdefault(key, set()).add(model)
    return {key: next(iter(models)) for key, models in found.items() if len(models) == 1}


def _tidy(name: str) -> str:
    return name.strip().lower()


def _undated(name: str) -> str:
    return _DATE.sub("", name)


def _tail(name: str) -> str:
    return name.rpartition("/")[2]


def _spelt(name: str) -> str:
    """The same for all orders of a name's words; numbers such as 4.5 stay whole, and so does a date."""
    author, slash, tail = name.rpartition("/")
    words = re.split(r"[-_ ]+", _PARTED.sub(r"\1.\2", _undated(tail)))
    if date := _DATE.search(tail):
        words.append(date[1].replace("-", ""))
    return f"{author}{slash}{' '.join(sorted(words))}"
