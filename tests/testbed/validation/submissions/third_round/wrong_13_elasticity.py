# question: elasticity
import sys

import numpy as np
import pandas as pd

g = pd.read_parquet(sys.argv[1] + "/log")
charged = g[(g["byok"] == False) & (g["variant"] != "free")]  # noqa: E712
charged = charged.assign(tokens=charged["tokens_prompt"].fillna(0) + charged["tokens_completion"].fillna(0))
per = charged.groupby("model").agg(tokens=("tokens", "sum"), cost=("cost_total", "sum"))
per = per[(per["tokens"] > 0) & (per["cost"] > 0)]

price = per["cost"] / per["tokens"] * 1e6
x = np.log10(1 + price.to_numpy(dtype=float))
y = np.log10(per["tokens"].to_numpy(dtype=float))
slope = ""
if len(per) >= 3 and np.ptp(x) > 0:
    slope = np.polyfit(x, y, 1)[0]
print("slope,models")
print(f"{slope},{len(per)}")
