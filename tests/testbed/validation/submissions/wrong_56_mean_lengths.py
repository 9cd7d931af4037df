# question: mean_lengths
import pandas as pd


def lengths(generations: pd.DataFrame, labels: pd.DataFrame, taxonomy: pd.DataFrame) -> pd.DataFrame:
    listed = taxonomy.set_index("path")["category"]

    def lookup(path):
        found = [p for p in listed.index if path == p or path.startswith(p + "/")]
        return listed[max(found, key=len)] if found else "other"

    names = {p: lookup(p) for p in labels["path"].unique()}
    kept = labels[labels["confidence"] >= 0.5].assign(category=lambda d: d["path"].map(names))
    kept = kept.drop_duplicates(["generation_id", "category"])
    g = generations.assign(
        week=generations["created_at"].dt.tz_convert("UTC").dt.tz_localize(None).dt.to_period("W-SUN").dt.start_time,
        out=generations["tokens_completion"] + generations["tokens_reasoning"].fillna(0),
    )
    grouped = kept.merge(g, on="generation_id").groupby(["week", "category"])
    return grouped.agg(mean_prompt=("tokens_prompt", "median"), mean_completion=("out", "mean")).reset_index()
