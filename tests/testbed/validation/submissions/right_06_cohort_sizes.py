"""question: cohort_sizes"""
import polars as pl


def cohort_sizes(generations: pl.DataFrame) -> pl.DataFrame:
    blank = lambda name: pl.when(pl.col(name) == "").then(None).otherwise(pl.col(name))
    return (
        generations.lazy()
        .with_columns(
            who=pl.coalesce(blank("user_id"), blank("account_id")),
            at=pl.col("created_at").dt.convert_time_zone("UTC").dt.replace_time_zone(None),
        )
        .filter(pl.col("who").is_not_null())
        .group_by("model", "who")
        .agg(pl.col("at").min())
        .with_columns(cohort=pl.col("at").dt.truncate("1mo").cast(pl.Date))
        .group_by("model", "cohort")
        .agg(users=pl.len())
        .sort("model", "cohort")
        .collect()
    )
