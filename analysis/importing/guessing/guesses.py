"""A first mapping of files: for each field of the contract a column, its unit, its zone, and why.

A column is taken for a field by its name, and only if nine in ten of its values can be read as one, by the very rules
that an import reads them by. What is not found is left out: nothing is made up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import duckdb
import pyarrow as pa

from analysis import contract
from analysis.importing.finish_reasons import is_known
from analysis.importing.guessing import contents, conventions, magnitudes, moments
from analysis.importing.guessing.guess import Guess, Guesses, Sure
from analysis.importing.guessing.names import (
    END,
    FIRST_TOKEN,
    OWN_KEY_COST,
    SEVERAL,
    SYNONYMS,
    TOTAL,
    WRITTEN,
    alike,
    named,
    spellings,
)
from analysis.importing.guessing.sample import (
    ENOUGH,
    Column,
    Sample,
    lists_of,
    places_outside_lists,
    sample_of,
)
from analysis.importing.guessing.separators import Separators, plainly, separators_of
from analysis.importing.mapped.mapping import PER_USD, TOKENS, MappedField
from analysis.importing.rules import Rule
from analysis.importing.source import SourceFile
from analysis.numerals import listed
from analysis.sources.errors import LogError
from analysis.sources.quoting import identifier

_FLAGS = {"yes": True, "y": True, "t": True, "no": False, "n": False, "f": False}
_NOBODY = ("undefined", "null", "none", "unknown", "anonymous", "n/a", "-")
"""Words that some write for a user whom they do not know."""
_DISTINCT = 0.98  # share of distinct ids


def guess(files: Sequence[SourceFile], models: pa.Table) -> Guesses:
    """Guess a mapping from the heads of files and a sample. models: the listed ones, a table of the contract, whose
    prices tell units and conventions. Raises LogError, also for tables beside JSON and where there is no row."""
    if other := next((file for file in files if file.is_table is not files[0].is_table), None):
        kinds = [f"{file.name} is {'a table' if file.is_table else 'JSON'}" for file in (files[0], other)]
        raise LogError(f"{', '.join(kinds)}: a mapping is for files of one kind. Guess each by itself")
    path = next(filter(None, map(_list_of_requests, files)), None)
    with duckdb.connect(config={"threads": 1}) as engine:
        engine.execute("SET TimeZone = 'UTC'")
        sample = sample_of(files, path)
        if not sample.columns:
            raise LogError(f"{files[0].name}: no row in it that can be read, so that nothing can be guessed")
        return replace(_Guesser(sample, models, engine).all(), records=path, sums=contents.sums(sample))


def _list_of_requests(file: SourceFile) -> str | None:
    """The path of the list whose items count tokens, in JSON whose own records do not."""
    names = SYNONYMS["tokens_completion"]
    if named(places_outside_lists(file), names):
        return None
    found = (path for path, items in lists_of(file).items() if any(named(item, names) for item in items))
    return next(found, None)


class _Guesser:
    def __init__(self, sample: Sample, models: pa.Table, engine: duckdb.DuckDBPyConnection) -> None:
        self.sample, self.models, self.engine = sample, models, engine
        self.filled = [place for place, column in sample.columns.items() if column.filled]
        self.found: dict[str, Guess] = {}
        self.used: set[str] = set()

    def all(self) -> Guesses:
        """The guesses, tokens first: other guesses rest on them."""
        order = sorted(contract.GENERATIONS, key=lambda field: field.unit != "tokens")
        for look in (self.field, self.misspelt):
            for field in order:
                if field.name not in self.found and (found := look(field)):
                    self.found[field.name] = found
        self.unnamed()
        self.versions()
        self.differences()
        counts = self.counts()
        cached = conventions.of_cached(counts) if "tokens_cached" in self.found else None
        reasoning = conventions.of_reasoning(counts) if "tokens_reasoning" in self.found else None
        if cached and cached.where == "outside":
            self.add_written()
        aside = contents.asides(self.sample)
        self.used |= aside.keys()
        return Guesses(
            aside=Guess(aside, "likely", "its words for rows that are no requests") if aside else None,
            fields={one.name: self.found[one.name] for one in contract.GENERATIONS if one.name in self.found},
            cached=Guess(cached.where, cached.sure, cached.why) if cached else None,
            reasoning=Guess(reasoning.where, reasoning.sure, reasoning.why) if reasoning else None,
            unused=tuple(self.sample.columns[place] for place in self.filled if self.is_unused(place)),
            rows=self.sample.rows,
            files=self.sample.files,
            without={
                p: files for p, files in self.sample.without.items() if self.sample.tables or p in self.used
            },
            empty={file: names for file in self.sample.places if (names := self.empty_in(file))},
        )

    # --- one field -------------------------------------------------------------------------------------------

    def field(self, field: contract.Field) -> Guess | None:
        """What a field may be by one of its names."""
        made = {
            place: one
            for place in named(self.filled, SYNONYMS[field.name])
            if self.is_for(field, place) and (one := self.typed(field, place))
        }
        if not made:
            return self.own_key(field)
        best = next(iter(made))
        if not self.goes_on(field, best):
            elsewhere = made if best in self.sample.without else ()  # a file may name it otherwise
            same = [place for place in elsewhere if made[place].settings == made[best].settings]
            made = {place: made[place] for place in same or [best]}
        self.used |= made.keys()
        return replace(made[best] if len(made) == 1 else self.joined(made), places=tuple(made))

    def misspelt(self, field: contract.Field) -> Guess | None:
        """What a field may be by a name that is nearly one of its own, among columns that are nothing else."""
        others = set(named(self.filled, (*WRITTEN, *TOTAL, *END, *FIRST_TOKEN)))
        free = [place for place in self.filled if place not in self.used | others]
        for place in alike(free, SYNONYMS[field.name]):
            made = self.typed(field, place)
            if made and self.is_for(field, place):
                self.used.add(place)
                why = made.why.replace("its name", "a name much like its own", 1)
                return replace(made, sure="a guess", why=why, places=(place,))
        return None

    def unnamed(self) -> None:
        """What the moment and the model may be by what columns hold, where no name says it."""
        for name, what in (("created_at", "moments"), ("model", "listed models")):
            taken = self.used.union(named(self.filled, (*END, *FIRST_TOKEN)))
            free = [place for place in self.filled if place not in taken]
            if name == "model":
                free = contents.models(map(self.sample.columns.__getitem__, free), self.models)
            field = contract.fields("generations")[name]
            made = {place: one for place in free if (one := self.typed(field, place))}
            if name not in self.found and made:
                place, *others = made
                why = made[place].why.replace("its name", f"no name says so, but it holds {what}", 1)
                also = f"; so does {listed(others)}" if others else ""
                self.found[name] = replace(made[place], sure="a guess", why=f"{why}{also}", places=(place,))
                self.used.add(place)

    def is_for(self, field: contract.Field, place: str) -> bool:
        """Latency is up to the first token where the whole time has a column of its own."""
        whole_time = [
            p for p in named(self.filled, SYNONYMS["generation_time_ms"]) if spellings(p)[-1] != "latency"
        ]
        if spellings(place)[-1] == "latency" and field.unit == "milliseconds":
            return (field.name == "generation_time_ms") is not bool(whole_time)
        return True

    def goes_on(self, field: contract.Field, place: str) -> bool:
        """Whether other columns may hold the value where this one is empty."""
        full = len(self.sample.columns[place].filled) == self.sample.rows
        return not full and (field.name in SEVERAL or field.unit == "tokens")

    def joined(self, made: Mapping[str, Guess]) -> Guess:
        """The guess of the first column, with the others where it is empty."""
        places = list(made)
        best, *others = made.values()
        given = dict(best.source) if isinstance(best.source, Mapping) else {}
        words = {
            word: to
            for one in others
            if isinstance(one.source, Mapping)
            for word, to in one.source.get("values", {}).items()
        }
        if words:
            given["values"] = given.get("values", {}) | words
        return Guess(
            {"column": places} | {key: value for key, value in given.items() if key != "column"},
            best.sure,
            f"{best.why}; where it is empty, {listed(places[1:])}",
        )

    def typed(self, field: contract.Field, place: str) -> Guess | None:
        """A column as a field: with its unit, or None if its values are none of such a field."""
        column = self.sample.columns[place]
        if field.family == "timestamp":
            return self.checked(field, column, moments.guess(column))
        if field.family in ("integer", "float"):
            column, written = plainly(column, whole=field.unit == "tokens")
            if column.numbers is None:
                return None
            made = self.checked(field, column, self.with_unit(field, column))
            return self.rewritten(made, place, written) if made and written else made
        words = {text.lower() for text in column.filled}
        if field.family == "boolean":
            values = {word: _FLAGS[word] for word in sorted(words) if word in _FLAGS}
            return self.checked(field, column, ({"values": values} if values else {}, "sure", "its name"))
        if field.name == "finish_reason":
            unknown = sorted(word for word in words if not is_known(word))
            if unknown and len(unknown) == len(words) and len(words) > 10:
                return None
            why = (
                f"; words that are not known: {listed(unknown)} (say what they mean: values)"
                if unknown
                else ""
            )
            return Guess(place, "likely" if unknown else "sure", f"its name{why}")
        if field.name == "user_id" and (nobody := sorted(word for word in words if word in _NOBODY)):
            return Guess(
                {"column": place, "values": dict.fromkeys(nobody)},
                "sure",
                f"its name; {listed(nobody)} is no user",
            )
        if field.name == "generation_id" and len(set(column.filled)) < _DISTINCT * len(column.filled):
            return None
        return self.checked(field, column, ({}, "sure", "its name"))

    def checked(
        self, field: contract.Field, column: Column, made: tuple[Mapping[str, Any], Sure, str] | None
    ) -> Guess | None:
        """A guess whose values can be read, or None."""
        if made is None:
            return None
        settings, sure, why = made
        if "expression" in settings:
            return Guess(settings, sure, why)
        words = {word: str(to).lower() for word, to in settings.get("values", {}).items()}
        mapped = MappedField(
            columns=(column.place,), **{k: v for k, v in settings.items() if k in ("unit", "zone")}
        )
        rule = mapped.rule(field.name)
        texts = [words.get(text.lower(), text) for text in column.filled]
        share = self.readable(rule, texts)
        if share < ENOUGH or (
            field.allowed and field.family == "string" and not set(texts) <= set(field.allowed)
        ):
            return None
        if share < 1:
            sure, why = "likely", f"{why}; {1 - share:.1%} of its values cannot be read"
        return Guess({"column": column.place} | dict(settings) if settings else column.place, sure, why)

    def with_unit(self, field: contract.Field, column: Column) -> tuple[Mapping[str, Any], Sure, str]:
        """Settings of a number: its unit, where it is not the contract's."""
        unit, sure, why = self.unit(field, column)
        return {} if unit == field.unit else {"unit": unit}, sure, why

    def unit(self, field: contract.Field, column: Column) -> tuple[str, Sure, str]:
        """The unit of a number, by its name or its magnitude."""
        numbers, said = column.numbers or (), magnitudes.unit_in_name(column.place, field.unit)
        if field.unit == "tokens":
            if all(number is None or number.is_integer() for number in numbers):
                return "tokens", "sure", "its name, and whole numbers"
            return list(TOKENS)[1], "likely", "its name; it has fractions, so thousands of tokens, it seems"
        if said:
            return said, "sure", "its name, which says the unit"
        prompts = conventions.with_beside(self.numbers("tokens_prompt"), self.numbers("tokens_cached"))
        completions = self.numbers("tokens_completion")
        if field.unit == "USD":
            if of_list := magnitudes.unit_of_listed_cost(self.ratios_to_list(numbers), PER_USD):
                return of_list, "sure", f"its name; in {of_list} it is the listed price"
            unit, near = magnitudes.unit_of_cost(numbers, prompts, completions, PER_USD)
            why = f"its name; in {unit} the price of a token is that of the market"
            return unit, "likely" if near else "a guess", why
        unit, near = magnitudes.unit_of_duration(
            numbers, completions if field.name == "generation_time_ms" else None
        )
        return unit, "likely" if near else "a guess", f"its name; in {unit} it is as long as answers take"

    def rewritten(self, made: Guess, place: str, written: Separators) -> Guess:
        """The guess of a number that is written with separators: they are taken out before it is read."""
        unit = {} if isinstance(made.source, str) else {"unit": made.source["unit"]}
        why = f"{made.why}; written {written.example}"
        return Guess(
            {"expression": written.sql(place)} | unit, made.sure if made.sure != "sure" else "likely", why
        )

    def readable(self, rule: Rule, texts: Sequence[str]) -> float:
        """The share of texts that a rule can read."""
        self.engine.register("texts", pa.table({"t": pa.array(texts, pa.string())}))
        read = self.engine.execute(f"SELECT count({rule.parse('t')}) FROM texts").fetchall()[0][0]
        return int(read) / max(len(texts), 1)

    # --- what rests on several columns -----------------------------------------------------------------------

    def own_key(self, field: contract.Field) -> Guess | None:
        """Whether a customer's own key was used, by what its provider charged."""
        if field.name != "byok" or not (places := named(self.filled, OWN_KEY_COST)):
            return None
        self.used.add(places[0])
        return Guess(
            {"expression": f"CAST({identifier(places[0])} AS DOUBLE) > 0"},
            "likely",
            "a provider charged the own key",
            (places[0],),
        )

    def versions(self) -> None:
        """The version that answered, where only the model has a column: it is spelt there."""
        if "model" in self.found and "model_permaslug" not in self.found:
            self.found["model_permaslug"] = replace(
                self.found["model"], why="as the model is spelt; it states the version if the file does"
            )

    def differences(self) -> None:
        """Durations as differences of moments."""
        start = self.found.get("created_at")
        if start is None or "expression" in start.source:
            return
        begin = start.source if isinstance(start.source, str) else str(start.source["column"])
        unit = None if isinstance(start.source, str) else start.source.get("unit")
        for name, ends in (("generation_time_ms", END), ("time_to_first_token_ms", FIRST_TOKEN)):
            places = named(self.filled, ends)
            if name in self.found or not places:
                continue
            kind = "DOUBLE" if unit else "TIMESTAMPTZ"  # of one without a zone UTC: it cancels
            both = [f"CAST({identifier(place)} AS {kind})" for place in (places[0], begin)]
            whole = " - ".join(both if unit else [f"epoch_ms({one})" for one in both])
            self.used.add(places[0])
            self.found[name] = Guess(
                {"expression": whole} | ({"unit": unit} if unit else {}),
                "likely",
                f"from {begin} to {places[0]}",
                (places[0],),
            )

    def add_written(self) -> None:
        """Tokens that went into a cache lie beside the prompt, too, where those do that were read from it."""
        prompt = self.found.get("tokens_prompt")
        places = named(self.filled, WRITTEN)
        unit = prompt and not isinstance(prompt.source, str) and "unit" in prompt.source
        if prompt and len(prompt.places) == 1 and places and not unit:
            self.used.add(places[0])
            own, written = map(self.whole, (prompt.places[0], places[0]))
            self.found["tokens_prompt"] = replace(
                prompt,
                source={"expression": f"{own} + coalesce({written}, 0)"},
                sure="likely",
                why=f"{prompt.why}; those written into a cache ({places[0]}) are added",
            )

    def whole(self, place: str) -> str:
        """SQL of a count."""
        written = separators_of(self.sample.columns[place].filled, whole=True)
        return written.sql(place) if written else f"CAST({identifier(place)} AS BIGINT)"

    def counts(self) -> conventions.Counts:
        """The numbers by which it is seen what lies inside what."""
        return conventions.Counts(
            prompt=self.numbers("tokens_prompt"),
            completion=self.numbers("tokens_completion"),
            cached=self.numbers("tokens_cached"),
            reasoning=self.numbers("tokens_reasoning"),
            written=self.numbers_at(next(iter(named(self.filled, WRITTEN)), None)),
            total=self.numbers_at(next(iter(named(self.filled, TOTAL)), None)),
            cached_name="".join(spellings(self.place("tokens_cached") or "")[-1:]),
        )

    def ratios_to_list(self, costs: magnitudes.Numbers) -> list[float]:
        """Charged costs over those of the list, where the model is listed."""
        places = named(self.filled, SYNONYMS["model"])
        if not places:
            return []
        prices = conventions.prices_of(self.models, self.sample.columns[places[0]].texts)
        kinds = ("tokens_prompt", "tokens_completion", "tokens_cached")
        return conventions.ratios_to_list(costs, prices, *map(self.numbers, kinds))

    def place(self, name: str) -> str | None:
        """The first column of a field that was found."""
        return next(iter(self.found[name].places), None) if name in self.found else None

    def numbers(self, name: str) -> magnitudes.Numbers:
        """The numbers of a field that was found, such as tokens; none where it was not."""
        return self.numbers_at(self.place(name))

    def numbers_at(self, place: str | None) -> magnitudes.Numbers:
        """The counts of a column; none where there is no such column."""
        column = self.sample.columns.get(place or "")
        return (plainly(column, whole=True)[0].numbers if column else None) or (None,) * self.sample.rows

    def empty_in(self, file: str) -> tuple[str, ...]:
        """Fields that were found, and that no row of a file has."""
        there = self.sample.places[file]
        return tuple(name for name, guess in self.found.items() if there.isdisjoint(guess.places))

    def is_unused(self, place: str) -> bool:
        return place not in self.used and not any(other.startswith(f"{place}>") for other in self.used)
