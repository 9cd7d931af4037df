"""question: cohort_sizes"""
import polars as pl


def cohort_sizes(generations: pl.DataFrame) -> pl.DataFrame:
    return (
        generations.with_columns(
            who=pl.coalesce("user_id", "account_id"),
            month=pl.col("created_at").dt.convert_time_zone("UTC").dt.date().dt.truncate("1mo"),
        )
        .drop_nulls("who")
        .group_by("model", "who")
        .agg(cohort=pl.col("month").min())
        .group_by("model", "cohort")
        .agg(users=pl.col("who").n_unique())
        .sort("model", "cohort")
    )
