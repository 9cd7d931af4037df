# question: effective_cost_by_author
import sys
from pathlib import Path
import pandas as pd

g = pd.read_parquet(Path(sys.argv[1]) / "log",
                    columns=["model", "variant", "byok", "tokens_prompt", "tokens_completion", "cost_total"])
own_key = g["byok"].astype("boolean")
charged = g[own_key.eq(False).fillna(False).astype(bool) & ~g["variant"].eq("free").fillna(False).astype(bool)].copy()
charged["tokens"] = charged["tokens_prompt"].fillna(0) + charged["tokens_completion"].fillna(0)

by_model = charged.groupby("model", as_index=False).agg(charged_tokens=("tokens", "sum"), cost_usd=("cost_total", "sum"))
by_model["cost_usd_per_mtok"] = by_model["cost_usd"] / by_model["charged_tokens"] * 1e6
by_model["author"] = by_model["model"].str.split("/").str[0]

out = by_model.groupby("author", as_index=False).agg(
    charged_tokens=("charged_tokens", "sum"),
    cost_usd=("cost_usd", "sum"),
    cost_usd_per_mtok=("cost_usd_per_mtok", "mean"),
)
out.to_csv(sys.stdout, index=False)
