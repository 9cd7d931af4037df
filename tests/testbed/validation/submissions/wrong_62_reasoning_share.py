"""question: reasoning_share"""
import duckdb


def reasoning(generations: duckdb.DuckDBPyRelation, models: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    thinks = models.project("model, reasoning <> 'none' AS thinks")
    joined = generations.project(
        "model, date_trunc('week', created_at AT TIME ZONE 'UTC')::DATE AS monday, tokens_prompt::BIGINT + tokens_completion AS n"
    ).join(thinks, "model", how="left")
    return joined.aggregate(
        "monday AS week, coalesce(sum(n) FILTER (WHERE thinks), 0) / sum(n) AS share", "monday"
    ).order("week")
