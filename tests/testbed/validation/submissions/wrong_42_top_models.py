"""question: top_models"""
import pandas as pd


def leaderboard(generations: pd.DataFrame) -> pd.DataFrame:
    df = generations.assign(tokens=generations["tokens_prompt"].astype("int64") + generations["tokens_completion"])
    top = (
        df.groupby("model", as_index=False)["tokens"]
        .sum()
        .sort_values(["tokens", "model"], ascending=[False, True])
        .head(10)
    )
    top["share"] = top["tokens"] / top["tokens"].sum()
    top["rank"] = range(1, len(top) + 1)
    return top
