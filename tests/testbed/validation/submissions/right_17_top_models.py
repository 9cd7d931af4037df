"""question: top_models"""
import pandas as pd


def top_models(generations: pd.DataFrame) -> pd.DataFrame:
    tokens = (generations["tokens_prompt"].astype("int64") + generations["tokens_completion"].astype("int64"))
    by = tokens.groupby(generations["model"].astype(str)).sum().rename("tokens").reset_index()
    by["share"] = by["tokens"] / by["tokens"].sum()
    by = by.sort_values(["tokens", "model"], ascending=[False, True]).head(10).reset_index(drop=True)
    by["rank"] = by.index + 1
    return by
