# question: category_share
from collections import defaultdict
from datetime import timedelta, timezone

import pandas as pd
import pyarrow as pa


def answer(generations: pa.Table, labels: pa.Table, taxonomy: pa.Table) -> pd.DataFrame:
    tables = {"generations": generations, "labels": labels, "taxonomy": taxonomy}
    read = lambda name, cols: tables[name].select(cols).to_pylist()

    tax = {t["path"]: t["category"] for t in read("taxonomy", ["path", "category"])}

    def category_of(path):
        # climb from the label's own path towards the root; the first hit is the longest
        while path:
            if path in tax:
                return tax[path]
            path = path.rpartition("/")[0]
        return "other"

    carries = defaultdict(set)
    for lab in read("labels", ["generation_id", "path", "confidence"]):
        if lab["confidence"] is not None and lab["confidence"] < 0.5:
            continue
        carries[lab["generation_id"]].add(category_of(lab["path"]))

    per_category, per_week = defaultdict(int), defaultdict(int)
    for g in read("generations", ["generation_id", "created_at", "tokens_prompt", "tokens_completion"]):
        cats = carries.get(g["generation_id"])
        if not cats:
            continue
        day = g["created_at"].astimezone(timezone.utc).date()
        monday = day - timedelta(days=day.weekday())
        tokens = (g["tokens_prompt"] or 0) + (g["tokens_completion"] or 0)
        per_week[monday] += tokens
        for c in cats:
            per_category[monday, c] += tokens

    out = []
    for (monday, c), tokens in sorted(per_category.items()):
        out.append([monday.isoformat(), c, tokens / per_week[monday] if per_week[monday] else "", tokens])
    return pd.DataFrame(out, columns=["week", "category", "share", "tokens"])
