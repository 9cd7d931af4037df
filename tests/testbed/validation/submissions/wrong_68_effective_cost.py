"""question: effective_cost"""
import pandas as pd


def effective_cost(generations: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    g = generations[generations["byok"].eq(False).fillna(False).astype(bool) & generations["variant"].fillna("standard").ne("free")]
    price = {m: max(p, key=lambda x: x["from"]) for m, p in zip(models["model"], models["prices"]) if len(p)}
    g = g[g["model"].isin(price)]
    usd = [
        (p * price[m]["prompt_usd_per_mtok"] + c * price[m]["completion_usd_per_mtok"]) / 1e6
        for m, p, c in zip(g["model"], g["tokens_prompt"], g["tokens_completion"])
    ]
    g = g.assign(tokens=g["tokens_prompt"].astype("int64") + g["tokens_completion"], usd=usd)
    out = g.groupby("model", as_index=False).agg(charged_tokens=("tokens", "sum"), cost_usd=("usd", "sum"))
    out["cost_usd_per_mtok"] = out["cost_usd"] / out["charged_tokens"] * 1e6
    return out
