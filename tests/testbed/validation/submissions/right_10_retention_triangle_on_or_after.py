# question: retention_triangle_on_or_after
# model: author/slug
import datetime as dt

import polars as pl


def unbounded(generations: pl.DataFrame) -> pl.DataFrame:
    g = generations.select(
        "model",
        uid=pl.when(pl.col("user_id").fill_null("") != "").then("user_id").otherwise("account_id"),
        day=pl.col("created_at").dt.convert_time_zone("UTC").dt.date(),
    ).with_columns(n=pl.col("day").dt.year().cast(pl.Int64) * 12 + pl.col("day").dt.month().cast(pl.Int64) - 1)
    tomorrow = g["day"].max() + dt.timedelta(days=1)
    edge = tomorrow.year * 12 + tomorrow.month - 2  # the last complete month

    per_user = (
        g.filter((pl.col("model") == "author/slug") & pl.col("uid").is_not_null())
        .group_by("uid")
        .agg(first=pl.col("n").min(), last=pl.col("n").filter(pl.col("n") <= edge).max())
        .filter(pl.col("first") <= edge)
    )
    rows = []
    for (c,), part in per_user.group_by("first"):
        for k in range(edge - c + 1):
            alive = part.filter(pl.col("last") >= c + k).height
            rows.append((dt.date(c // 12, c % 12 + 1, 1), k, part.height, alive, alive / part.height))
    return pl.DataFrame(rows, schema=["cohort", "k", "users", "active", "retention"], orient="row").sort("cohort", "k")
