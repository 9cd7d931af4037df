"""question: effective_cost"""
import duckdb


def effective_cost(generations: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    charged = generations.filter("byok = false AND variant IS DISTINCT FROM 'free'")
    sums = charged.aggregate(
        "model, sum(tokens_prompt::BIGINT + tokens_completion) AS charged_tokens, sum(cost_total) AS cost_usd", "model"
    )
    return sums.project("*, cost_usd / nullif(charged_tokens, 0) * 1e6 AS cost_usd_per_mtok").order("model")
