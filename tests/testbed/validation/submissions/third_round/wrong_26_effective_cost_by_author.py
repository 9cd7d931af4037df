# question: effective_cost_by_author
import sys

import pandas as pd

g = pd.read_parquet(sys.argv[1] + "/log")
g["author"] = g["model"].str.partition("/")[0]
g["tokens"] = g["tokens_prompt"].fillna(0) + g["tokens_completion"].fillna(0)

paid = g[~g["model"].str.endswith(":free")]
own_money = paid[(paid["byok"] == False)]  # noqa: E712

out = own_money.groupby("author", as_index=False).agg(charged_tokens=("tokens", "sum"))
cost = paid[paid["byok"].notna()].groupby("author")["cost_total"].sum()
out["cost_usd"] = out["author"].map(cost)
out["cost_usd_per_mtok"] = out["cost_usd"] / out["charged_tokens"].where(out["charged_tokens"] > 0) * 1e6
out.to_csv(sys.stdout, index=False)
