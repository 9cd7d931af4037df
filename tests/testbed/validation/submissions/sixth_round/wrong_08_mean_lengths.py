# question: mean_lengths
import pandas as pd


def answer(generations: pd.DataFrame, labels: pd.DataFrame, taxonomy: pd.DataFrame) -> pd.DataFrame:
    known = dict(zip(taxonomy["path"], taxonomy["category"]))

    def category(path):
        parts = str(path).split("/")
        for n in range(len(parts), 0, -1):
            head = "/".join(parts[:n])
            if head in known:
                return known[head]
        return "other"

    kept = labels[labels["confidence"] >= 0.5].copy()
    kept["category"] = kept["path"].map(category)
    g = generations[["generation_id", "created_at", "tokens_prompt", "tokens_completion"]].copy()
    day = pd.to_datetime(g["created_at"], utc=True).dt.tz_localize(None).dt.normalize()
    g["week"] = day - pd.to_timedelta(day.dt.weekday, unit="D")
    g[["tokens_prompt", "tokens_completion"]] = g[["tokens_prompt", "tokens_completion"]].fillna(0)
    j = kept[["generation_id", "category"]].merge(g, on="generation_id")
    return (j.groupby(["week", "category"])
             .agg(mean_prompt=("tokens_prompt", "mean"), mean_completion=("tokens_completion", "mean"))
             .reset_index())
