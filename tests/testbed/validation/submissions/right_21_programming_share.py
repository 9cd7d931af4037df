"""question: programming_share"""
import datetime as dt
from collections import defaultdict

import pyarrow as pa


def programming_share(generations: pa.Table, labels: pa.Table, taxonomy: pa.Table) -> pa.Table:
    known = dict(zip(taxonomy["path"].to_pylist(), taxonomy["category"].to_pylist()))

    def category(path):
        parts = path.split("/")
        for n in range(len(parts), 0, -1):
            hit = known.get("/".join(parts[:n]))
            if hit is not None:
                return hit
        return "other"

    carried = defaultdict(set)
    for row in labels.select(["generation_id", "path", "confidence"]).to_pylist():
        if row["confidence"] >= 0.5:
            carried[row["generation_id"]].add(category(row["path"]))

    prog, all_ = defaultdict(int), defaultdict(int)
    for row in generations.select(["generation_id", "created_at", "tokens_prompt", "tokens_completion"]).to_pylist():
        got = carried.get(row["generation_id"])
        if not got:
            continue
        day = row["created_at"].astimezone(dt.timezone.utc).date()
        week = day - dt.timedelta(days=day.weekday())
        tokens = row["tokens_prompt"] + row["tokens_completion"]
        all_[week] += tokens
        if "programming" in got:
            prog[week] += tokens
    weeks = sorted(all_)
    return pa.table({"week": weeks, "share": [prog[w] / all_[w] if all_[w] else None for w in weeks]})
