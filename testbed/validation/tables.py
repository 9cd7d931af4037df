"""The tables that a query is run on: a log's three, and the mapping from content paths to categories.

Oracles read them as plain rows, which are made once. Who needs the tables of an engine takes `named`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

import pyarrow as pa

from analysis import contract

Row = dict[str, Any]
"""A row by column names: moments are aware datetimes, days are dates, what is missing is None."""


@dataclass(frozen=True, eq=False)
class Tables:
    """A log in the columns of the contract: `generations`, `labels`, `models`. Nobody changes a row."""

    generations: pa.Table
    labels: pa.Table
    models: pa.Table

    @cached_property
    def requests(self) -> list[Row]:
        """The rows of `generations`, in the order of the table."""
        rows: list[Row] = self.generations.to_pylist()
        return rows

    @cached_property
    def label_rows(self) -> list[Row]:
        """The rows of `labels`."""
        rows: list[Row] = self.labels.to_pylist()
        return rows

    @cached_property
    def model_rows(self) -> list[Row]:
        """The rows of `models`."""
        rows: list[Row] = self.models.to_pylist()
        return rows

    @property
    def named(self) -> dict[str, pa.Table]:
        """The tables by the names under which a query finds them."""
        return {
            "generations": self.generations,
            "labels": self.labels,
            "models": self.models,
            "taxonomy": taxonomy(),
        }

    def with_rows(self, requests: list[Row], labels: list[Row] | None = None) -> Tables:
        """The same with other rows."""
        labelled = self.labels if labels is None else of_rows("labels", labels)
        return replace(self, generations=of_rows("generations", requests), labels=labelled)

    def renamed(self, model: str, to: str) -> Tables:
        """The same with one model under another id: a query names its model in its text. A model that has that id
        already takes the first one's."""
        if model == to:
            return self
        swapped = {model: to, to: model}
        requests = [row | {"model": swapped.get(row["model"], row["model"])} for row in self.requests]
        models = []
        for row in self.model_rows:
            slug = swapped.get(str(row["model"]), str(row["model"]))
            author = slug.split("/")[0] if row["model"] in swapped else row["author"]
            successor = swapped.get(row["successor"], row["successor"])
            models.append(row | {"model": slug, "author": author, "successor": successor})
        return Tables(of_rows("generations", requests), self.labels, of_rows("models", models))


def of_rows(table: contract.Table, rows: list[Row]) -> pa.Table:
    """Rows as a table of the contract. What a row does not say is missing. The columns are nullable, since some worlds
    break the contract on purpose."""
    schema = pa.schema([field.with_nullable(True) for field in contract.arrow_schema(table)])
    return pa.Table.from_pylist(rows, schema=schema)


@cache
def paths() -> dict[str, str]:
    """The category of each listed content path, as the taxonomy that comes with the project says; paths without one
    are left out."""
    with files("analysis.queries").joinpath("taxonomy.csv").open(encoding="utf-8") as file:
        return {row["path"]: row["rankings_tag"] for row in csv.DictReader(file) if row["rankings_tag"]}


@cache
def taxonomy() -> pa.Table:
    """The same as a table: path, category."""
    return pa.table({"path": list(paths()), "category": list(paths().values())})
