# question: mean_lengths
import pandas as pd


def mean_lengths(generations: pd.DataFrame, labels: pd.DataFrame, taxonomy: pd.DataFrame) -> pd.DataFrame:
    lookup = taxonomy.set_index("path")["category"].to_dict()

    def category(path: str) -> str:
        while path:
            if path in lookup:
                return lookup[path]
            path = path.rpartition("/")[0]
        return "other"

    lab = labels.loc[labels["confidence"] >= 0.5, ["generation_id", "path"]].copy()
    lab["category"] = [category(p) for p in lab["path"]]
    lab = lab[["generation_id", "category"]].drop_duplicates()

    t = generations["created_at"].dt.tz_convert("UTC").dt.tz_localize(None).dt.normalize()
    g = generations[["generation_id", "tokens_prompt", "tokens_completion"]].assign(
        week=t - pd.to_timedelta(t.dt.weekday, unit="D")
    )
    out = (
        lab.merge(g, on="generation_id")
        .groupby(["week", "category"], as_index=False)
        .agg(mean_prompt=("tokens_prompt", "mean"), mean_completion=("tokens_completion", "mean"))
    )
    out["week"] = out["week"].dt.date
    return out
