"""question: elasticity"""
import numpy as np
import pandas as pd


def elasticity(generations: pd.DataFrame) -> pd.DataFrame:
    g = generations
    paid = g[g["byok"].eq(False).fillna(False).astype(bool) & ~g["variant"].eq("free").fillna(False).astype(bool)]
    tokens = (paid["tokens_prompt"].astype("int64") + paid["tokens_completion"]).groupby(paid["model"]).sum()
    usd = paid["cost_total"].groupby(paid["model"]).sum()
    ok = (tokens > 0) & (usd > 0)
    x, y = np.log(usd[ok] / tokens[ok] * 1e6), np.log(tokens[ok])
    if len(x) < 3 or np.ptp(x) < 1e-9:
        return pd.DataFrame({"slope": [np.nan], "models": [len(x)]})
    slope = ((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum()
    return pd.DataFrame({"slope": [slope], "models": [len(x)]})
