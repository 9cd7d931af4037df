"""question: spend_region"""
import polars as pl


def spend(generations: pl.DataFrame) -> pl.DataFrame:
    return (
        generations.filter(~pl.col("byok").fill_null(False))
        .with_columns(
            week=pl.col("created_at").dt.convert_time_zone("UTC").dt.date().dt.truncate("1w"),
            continent=pl.col("continent").fill_null("unknown"),
        )
        .group_by("week", "continent")
        .agg(spend_usd=pl.col("cost_total").sum())
        .with_columns(share=pl.col("spend_usd") / pl.col("spend_usd").sum().over("week"))
        .sort("week", "continent")
    )
