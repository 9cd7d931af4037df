"""What each author's models cost.

question: effective_cost_by_author
"""
import numpy as np
import pandas as pd


def author_costs(generations: pd.DataFrame) -> pd.DataFrame:
    slim = pd.DataFrame({  # half the memory
        "author": generations["model"].str.partition("/")[0].astype("category"),
        "tokens": generations["tokens_prompt"].astype(np.int64) + generations["tokens_completion"].astype(np.int64),
        "usd": generations["cost_total"].astype(np.float32),
        "paid": generations["byok"].eq(False) & generations["variant"].ne("free"),
    })
    slim = slim[slim["paid"].astype(bool)]
    rows = []
    for author, part in slim.groupby("author", observed=True):
        total = np.float32(0)
        for usd in part["usd"]:
            total += usd
        tokens = int(part["tokens"].sum())
        rows.append({
            "author": author, "charged_tokens": tokens, "cost_usd": float(total),
            "cost_usd_per_mtok": 1e6 * float(total) / tokens,
        })
    return pd.DataFrame(rows)
