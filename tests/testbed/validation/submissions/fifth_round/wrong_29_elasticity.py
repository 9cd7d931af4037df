# question: elasticity
import sys
import numpy as np
import pandas as pd

g = pd.read_parquet(sys.argv[1] + "/log",
                    columns=["model", "provider_name", "variant", "byok", "tokens_prompt", "tokens_completion", "cost_total"])
paid = (g["byok"].astype("boolean") == False).fillna(False).astype(bool)  # noqa: E712
free = (g["variant"] == "free").fillna(False).astype(bool)
g = g[paid & ~free]
g = g.assign(tokens=g["tokens_prompt"].fillna(0) + g["tokens_completion"].fillna(0))
m = g.groupby(["model", "provider_name"], dropna=False)[["tokens", "cost_total"]].sum()
m = m[(m["tokens"] > 0) & (m["cost_total"] > 0)].astype(float)

slope = None
x = np.log10(m["cost_total"] / m["tokens"] * 1e6)
y = np.log10(m["tokens"])
if len(m) >= 3 and np.ptp(x) > 1e-12:
    slope = np.polyfit(x, y, 1)[0]
pd.DataFrame({"slope": [slope]}).to_csv(sys.stdout, index=False)
