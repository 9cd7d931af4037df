"""question: retention_triangle_on_or_after
model: author/slug
"""
import datetime as dt

import polars as pl


def rolling(generations: pl.DataFrame) -> pl.DataFrame:
    g = generations.with_columns(
        uid=pl.when(pl.col("user_id").fill_null("") != "").then("user_id").otherwise("account_id"),
        day=pl.col("created_at").dt.convert_time_zone("UTC").dt.date(),
    ).with_columns(n=pl.col("day").dt.year().cast(pl.Int64) * 12 + pl.col("day").dt.month() - 1)
    after = g["day"].max() + dt.timedelta(days=1)
    edge = after.year * 12 + after.month - 2
    span = (
        g.filter((pl.col("model") == "author/slug") & pl.col("uid").is_not_null() & (pl.col("n") <= edge))
        .group_by("uid")
        .agg(first=pl.col("n").min(), last=pl.col("n").max())
    )
    rows = []
    for (c,), part in span.group_by("first"):
        for k in range(edge - c + 1):
            stay = part.filter(pl.col("last") > c + k).height if k else part.height
            rows.append((dt.date(c // 12, c % 12 + 1, 1), k, part.height, stay, stay / part.height))
    return pl.DataFrame(rows, schema=["cohort", "k", "users", "active", "retention"], orient="row")
