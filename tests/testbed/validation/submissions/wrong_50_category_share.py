"""question: category_share"""
import pandas as pd


def mix(generations: pd.DataFrame, labels: pd.DataFrame, taxonomy: pd.DataFrame) -> pd.DataFrame:
    to = dict(zip(taxonomy["path"], taxonomy["category"]))

    def lookup(path):
        while path:
            if path in to:
                return to[path]
            path = path.rpartition("/")[0]
        return "other"

    kept = labels[labels["confidence"] >= 0.5]
    kept = kept.assign(category=kept["path"].map(lookup)).drop_duplicates(["generation_id", "category"])
    at = generations["created_at"].dt.tz_convert("UTC").dt.tz_localize(None)
    g = generations.assign(
        week=at.dt.to_period("W-SUN").dt.start_time, tokens=generations["tokens_prompt"] + generations["tokens_completion"]
    )
    table = kept.merge(g, on="generation_id").pivot_table(index="week", columns="category", values="tokens", aggfunc="sum")
    share = table.div(table.sum(axis=1), axis=0)
    return share.stack().dropna().rename("share").reset_index()
