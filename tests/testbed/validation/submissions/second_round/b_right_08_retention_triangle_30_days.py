# question: retention_triangle_30_days
# model: author/slug
import duckdb
import numpy as np
import pandas as pd

MODEL = "author/slug"


def answer(generations: pd.DataFrame) -> pd.DataFrame:
    con = duckdb.connect()
    con.register("generations", generations)
    con.execute("set timezone = 'UTC'")
    last = con.execute("select max(created_at)::timestamp from generations").fetchone()[0]
    df = con.execute(
        """select case when coalesce(user_id, '') = '' then account_id else user_id end as u,
                   epoch_us(created_at) as t
            from generations where model = ?""", [MODEL]).df().dropna(subset=["u"])

    log_end = pd.Timestamp(last).normalize() + pd.Timedelta(days=1)
    df["t0"] = df.groupby("u")["t"].transform("min")
    df["k"] = (df["t"] - df["t0"]) // (30 * 24 * 3600 * 1_000_000)
    df["cohort"] = pd.to_datetime(df["t0"], unit="us").dt.to_period("M").dt.start_time

    users = df.groupby("cohort")["u"].nunique()
    active = df.groupby(["cohort", "k"])["u"].nunique()
    rows = []
    for cohort, n in users.items():
        over = cohort + pd.offsets.MonthBegin(1)          # end of the cohort's month
        cells = (log_end - over).days // 30               # windows that are over for everyone
        for k in range(max(cells, 0)):
            a = active.get((cohort, k), 0)
            rows.append((cohort.date(), k, int(n), int(a), a / n))
    return pd.DataFrame(rows, columns=["cohort", "k", "users", "active", "retention"])
