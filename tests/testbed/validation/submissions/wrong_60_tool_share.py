"""question: tool_share"""
import polars as pl


def tool_share(generations: pl.LazyFrame) -> pl.LazyFrame:
    return (
        generations.with_columns(week=pl.col("created_at").dt.convert_time_zone("UTC").dt.truncate("1w").dt.date())
        .group_by("week")
        .agg(share=(pl.col("finish_reason").fill_null("none") == "tool_calls").mean())
        .sort("week")
    )
