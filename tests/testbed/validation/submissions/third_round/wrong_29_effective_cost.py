# question: effective_cost
import sys

import pandas as pd

g = pd.read_parquet(
    sys.argv[1] + "/log",
    columns=["model", "variant", "byok", "tokens_prompt", "tokens_completion", "cost_total"],
)
g["byok"] = g["byok"].astype("boolean").fillna(False)
g = g[~g["byok"] & (g["variant"].fillna("") != "free")]
g["charged_tokens"] = g["tokens_prompt"].fillna(0) + g["tokens_completion"].fillna(0)
g["per_mtok"] = g["cost_total"] / g["charged_tokens"].where(g["charged_tokens"] > 0) * 1_000_000

out = (
    g.groupby("model")
    .agg(
        charged_tokens=("charged_tokens", "sum"),
        cost_usd=("cost_total", "sum"),
        cost_usd_per_mtok=("per_mtok", "mean"),
    )
    .reset_index()
)
out.to_csv(sys.stdout, index=False)
