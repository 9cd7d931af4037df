# question: top_models
import pandas as pd


def answer(generations: pd.DataFrame) -> pd.DataFrame:
    gen = generations.assign(model=generations["model"].astype("object"))
    cols = ["tokens_prompt", "tokens_completion", "tokens_reasoning"]
    gen["tokens"] = gen[cols].fillna(0).sum(axis=1).astype("int64")
    top = (gen.dropna(subset=["model"])
              .groupby("model", as_index=False)["tokens"].sum()
              .sort_values(["tokens", "model"], ascending=[False, True])
              .head(10))
    return top
