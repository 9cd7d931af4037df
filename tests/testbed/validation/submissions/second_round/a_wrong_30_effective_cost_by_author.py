# question: effective_cost_by_author
import pandas as pd


def answer(generations: pd.DataFrame) -> pd.DataFrame:
    g = generations[["model", "variant", "byok", "tokens_prompt",
                     "tokens_completion", "cost_total"]]

    is_free = g["model"].str.endswith(":free")
    paid = g[g["byok"].eq(False).fillna(False).astype(bool) & ~is_free].copy()
    paid["charged_tokens"] = paid["tokens_prompt"] + paid["tokens_completion"]

    per_model = (paid.groupby("model")
                     .agg(charged_tokens=("charged_tokens", "sum"),
                          cost_usd=("cost_total", "sum"))
                     .reset_index())
    per_model["cost_usd_per_mtok"] = per_model["cost_usd"] / per_model["charged_tokens"] * 1e6
    per_model["author"] = per_model["model"].str.split("/").str[0]

    out = per_model.groupby("author").agg(
        charged_tokens=("charged_tokens", "sum"),
        cost_usd=("cost_usd", "sum"),
        cost_usd_per_mtok=("cost_usd_per_mtok", "mean"),
    )
    return out.reset_index()
