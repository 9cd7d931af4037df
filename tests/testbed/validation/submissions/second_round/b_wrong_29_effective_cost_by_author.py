# question: effective_cost_by_author
import pandas as pd


def answer(generations: pd.DataFrame) -> pd.DataFrame:
    g = generations
    g = g[g["byok"].eq(False) & g["model"].notna()].copy()
    g["charged_tokens"] = g["tokens_prompt"].fillna(0) + g["tokens_completion"].fillna(0)

    per_model = (g.groupby("model")
                   .agg(charged_tokens=("charged_tokens", "sum"), cost_usd=("cost_total", "sum"))
                   .reset_index())
    per_model["cost_usd_per_mtok"] = per_model["cost_usd"] / per_model["charged_tokens"] * 1_000_000
    per_model["author"] = per_model["model"].str.split("/").str[0]

    out = (per_model.groupby("author")
                    .agg(charged_tokens=("charged_tokens", "sum"),
                         cost_usd=("cost_usd", "sum"),
                         cost_usd_per_mtok=("cost_usd_per_mtok", "mean"))
                    .reset_index())
    return out
