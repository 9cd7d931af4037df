# question: elasticity
"""duckdb's relational API for the sums, the normal equations by hand for the line."""
import math

import duckdb
import pandas as pd


def answer(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    rel = con.table("generations")
    rel = rel.filter("byok = false AND variant IS DISTINCT FROM 'free'")
    rel = rel.aggregate(
        "model, CAST(sum(coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0)) AS DOUBLE) AS tok,"
        " CAST(sum(cost_total) AS DOUBLE) AS usd"
    )
    points = [
        (math.log10(usd * 1e6 / tok), math.log10(tok))
        for _, tok, usd in rel.filter("tok > 0 AND usd > 0").order("model").fetchall()
    ]

    n = len(points)
    slope = intercept = r2 = None
    if n >= 3:
        mx = math.fsum(x for x, _ in points) / n
        my = math.fsum(y for _, y in points) / n
        sxx = math.fsum((x - mx) ** 2 for x, _ in points)
        syy = math.fsum((y - my) ** 2 for _, y in points)
        sxy = math.fsum((x - mx) * (y - my) for x, y in points)
        if max(x for x, _ in points) - min(x for x, _ in points) > 1e-12:
            slope = sxy / sxx
            intercept = my - slope * mx
            if syy > 0:
                r2 = sxy * sxy / (sxx * syy)

    return pd.DataFrame([[slope, n, intercept, r2]], columns=["slope", "models", "intercept", "r_squared"])
