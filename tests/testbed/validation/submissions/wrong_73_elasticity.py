"""question: elasticity"""
import numpy as np
import pandas as pd


def elasticity(generations: pd.DataFrame) -> pd.DataFrame:
    g = generations.assign(tokens=generations["tokens_prompt"].astype("int64") + generations["tokens_completion"])
    m = g.groupby("model").agg(tokens=("tokens", "sum"), usd=("cost_total", "sum"))
    m = m[(m["tokens"] > 0) & (m["usd"] > 0)]
    x, y = np.log10(m["usd"] / m["tokens"] * 1e6), np.log10(m["tokens"])
    if len(m) < 3 or x.nunique() < 2:
        return pd.DataFrame({"slope": [np.nan]})
    slope, intercept = np.polyfit(x, y, 1)
    return pd.DataFrame({"slope": [slope], "models": [len(m)], "intercept": [intercept]})
