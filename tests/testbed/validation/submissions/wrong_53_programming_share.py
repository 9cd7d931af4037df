"""question: programming_share"""
import polars as pl


def programming(generations: pl.DataFrame, labels: pl.DataFrame, taxonomy: pl.DataFrame) -> pl.DataFrame:
    to = dict(taxonomy.select("path", "category").iter_rows())

    def lookup(path: str) -> str:
        parts = path.split("/")
        while parts:
            if "/".join(parts) in to:
                return to["/".join(parts)]
            parts.pop()
        return "other"

    paths = labels.select("path").unique()
    paths = paths.with_columns(category=pl.Series([lookup(p) for p in paths["path"]], dtype=pl.String))
    carried = (
        labels.filter(pl.col("confidence") > 0.5)
        .join(paths, on="path")
        .group_by("generation_id")
        .agg(programming=(pl.col("category") == "programming").any())
    )
    return (
        generations.join(carried, on="generation_id")
        .with_columns(week=pl.col("created_at").dt.convert_time_zone("UTC").dt.date().dt.truncate("1w"))
        .group_by("week")
        .agg(share=pl.col("programming").mean())
        .sort("week")
    )
