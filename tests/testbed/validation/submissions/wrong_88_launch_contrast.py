"""Launch cohort against later ones, in polars.

question: launch_contrast
model: author/slug
"""
import datetime as dt

import polars as pl

SLUG = "author/slug"


def contrast(generations: pl.DataFrame, models: pl.DataFrame) -> pl.DataFrame:
    log = generations.with_columns(
        day=pl.col("created_at").dt.convert_time_zone("UTC").dt.date(),
        who=pl.when(pl.col("user_id") != "").then(pl.col("user_id")).otherwise(pl.col("account_id")),
    )
    end = (log["day"].max() + dt.timedelta(days=1)).replace(day=1)
    used = log.filter((pl.col("model") == SLUG) & (pl.col("day") < end) & pl.col("who").is_not_null())
    used = used.with_columns(first=pl.col("day").min().over("who")).with_columns(cohort=pl.col("first").dt.truncate("1mo"))
    used = used.with_columns(k=(pl.col("day") - pl.col("first")).dt.total_days() // 30)
    size = dict(used.group_by("cohort").agg(pl.col("who").n_unique()).iter_rows())
    active = {(c, k): n for c, k, n in used.group_by("cohort", "k").agg(pl.col("who").n_unique()).iter_rows()}

    def apart(a, b):
        return 12 * (b.year - a.year) + b.month - a.month

    released = models.filter(pl.col("model") == SLUG)["released"].to_list()
    launch = None
    if released and released[0] is not None and released[0] >= log["day"].min():
        launch = min((c for c in size if c >= released[0].replace(day=1)), default=None)
    rows = []
    for k in (3, 4, 5):
        if launch is None or k >= apart(launch, end):
            continue
        later = [active.get((c, k), 0) / n for c, n in size.items() if apart(launch, c) >= 2 and k < apart(c, end)]
        mean = sum(later) / len(later) if later else None
        rows.append({"k": k, "launch": active.get((launch, k), 0) / size[launch], "later": mean})
    return pl.DataFrame(rows, schema={"k": pl.Int64, "launch": pl.Float64, "later": pl.Float64})
