"""The labelled sample as it may be shown: the labels of requests in small cells are left out, and none other.

A request carries several labels, and a labelled request is left out with all of them. It stays in the sums of all
requests, so that these less the labelled ones are a cell, too: where that rest would be small, all labels of the week
and source type go.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa

from analysis import vocabulary as v
from analysis.disclosure.cells import Bools, Partition, settle, without
from analysis.disclosure.grids import LABEL_GRIDS, NOT_RECORDED, windows
from analysis.disclosure.rows import Rows, Settled, Unit, facets_of, parties
from analysis.queries import categories, lengths, openness
from analysis.queries.query import collect
from analysis.sources.log import Log

REST = "unlabelled"


def protected(
    log: Log, labels: ir.Table, kept: ir.Table, least: int, unit: Unit
) -> tuple[ir.Table, dict[str, int]]:
    """The labels that may be shown of the kept generations, and how many cells of each grid that is shown were left
    out."""
    paths = categories.labelled_paths(log)
    party = kept.select("generation_id", **parties(kept, unit))
    frame = paths.inner_join(party, "generation_id").to_pandas()
    if frame.empty:
        return labels, {}
    _add_facets(frame, log)
    rows = _rows(frame)
    assert rows.group is not None
    found = rows.settled(LABEL_GRIDS, least)
    rest = _Rest(log, kept, paths, frame, unit)
    small_rest = np.zeros(rest.partition.size, dtype=bool)
    while (small := rest.small(found.kept, least)).any():
        small_rest |= small
        begin = without(found.kept, small[rest.cell], rows.group)
        left, cells = settle(found.shown, begin, rows.amounts, least, rows.group)
        found = Settled(left, found.shown, {name: cells[name] | found.small[name] for name in cells})
    gone = pa.table({"generation_id": frame.loc[~found.kept, "generation_id"].unique()})
    if len(gone):
        labels = labels.anti_join(ibis.memtable(gone), "generation_id")
    counts = {name: int(cells.sum()) for name, cells in found.small.items()}
    return labels, counts | ({REST: int(small_rest.sum())} if small_rest.any() else {})


def _add_facets(frame: pd.DataFrame, log: Log) -> None:
    """Add the facets of `LABEL_GRIDS`, and which rows are the first of their request, and of its category."""
    frame["week"] = pd.to_datetime(frame["week"])
    request = frame["generation_id"]
    frame["once"] = ~request.duplicated()
    frame["first"] = ~frame[["generation_id", "category"]].duplicated()
    frame["carried"] = frame.groupby(request)["first"].transform("sum")
    frame["paths"] = frame.groupby([request, "category"])["path"].transform("size")
    named = frame["category"] == lengths.PROGRAMMING
    frame["programming"] = named.groupby(request).transform("max")
    frame["author"] = frame["model"].str.split("/").str[0]
    frame["source_type"] = _source_types(log, frame["model"])
    frame["own_key"] = (
        frame["byok"].map({True: "yes", False: "no"}).fillna(NOT_RECORDED)
        if "byok" in frame
        else NOT_RECORDED
    )
    frame["window"] = sum(
        bit * frame["week"].between(pd.Timestamp(first), pd.Timestamp(last)).astype(int)
        for bit, (first, last) in windows(log)
    )


def _source_types(log: Log, models: pd.Series) -> pd.Series:
    """The source type of each model."""
    if log.models is None or not {"open_weights", "origin"} <= set(log.models.columns):
        return pd.Series("unknown", index=models.index)
    facts = log.models.select("model", source_type=openness.source_type(log.models))
    known = collect(facts).set_index("model")["source_type"]
    return models.map(known).fillna("unknown")


def _rows(frame: pd.DataFrame) -> Rows:
    """The labels as rows: the amounts of a request count once in it, in each of its categories, or in each path."""
    tokens, cost = frame["tokens"].astype("float64"), frame["cost_usd"].astype("float64")
    amounts = {
        "requests": frame["once"].astype("float64"),
        "tokens": tokens.where(frame["once"], 0.0),
        "category_tokens": tokens.where(frame["first"], 0.0),
        "category_cost": cost.where(frame["first"], 0.0),
        "path_tokens": tokens,
    }
    facets = facets_of(LABEL_GRIDS)
    table = pa.Table.from_pandas(frame[[*facets, "unit", "contributor"]], preserve_index=False)
    group = pd.factorize(frame["generation_id"])[0].astype(np.int32)
    return Rows.of(
        table, facets, {name: np.asarray(one, dtype=np.float64) for name, one in amounts.items()}, group
    )


class _Rest:
    """The requests that are not labelled, or whose labels are left out, by week and source type."""

    def __init__(self, log: Log, kept: ir.Table, paths: ir.Table, frame: pd.DataFrame, unit: Unit) -> None:
        rows = kept.anti_join(paths.select("generation_id").distinct(), "generation_id")
        keys = {"week": v.week(rows.created_at), "model": rows.model} | parties(rows, unit)
        rest = rows.group_by(**keys).aggregate(tokens=v.total(v.tokens_total(rows))).to_pandas()
        rest["week"] = pd.to_datetime(rest["week"])
        rest["source_type"] = _source_types(log, rest["model"])
        columns = ["week", "source_type", "unit", "contributor", "tokens"]
        both = pd.concat([rest[columns], frame[columns]], ignore_index=True)
        codes = [pd.factorize(both[name])[0].astype(np.int32) for name in columns[:-1]]
        self.partition = Partition.of(codes[:2], codes[2], codes[3], ("tokens",))
        self.unlabelled = len(rest)
        self.once = frame["once"].to_numpy()
        self.tokens = both["tokens"].to_numpy(dtype=np.float64)
        self.cell = self.partition.cell[self.unlabelled :]  # of each label

    def small(self, shown: Bools, least: int) -> Bools:
        """The cells whose rest is small, where labels of these rows are shown; those without a label are nobody's."""
        rest = np.concatenate([np.ones(self.unlabelled, dtype=bool), self.once & ~shown])
        small = self.partition.small(rest, {"tokens": self.tokens}, least)
        labelled = np.zeros(self.partition.size, dtype=bool)
        labelled[self.cell[shown]] = True
        return small & labelled
