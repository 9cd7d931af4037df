-- question: effective_cost
WITH listed AS (
    SELECT model, step['from'] AS since, step.prompt_usd_per_mtok AS p_in, step.completion_usd_per_mtok AS p_out,
           coalesce(step.cached_usd_per_mtok, step.prompt_usd_per_mtok) AS p_cache
    FROM (SELECT model, unnest(prices) AS step FROM models)
),
calls AS (
    SELECT *, (created_at AT TIME ZONE 'UTC')::DATE AS day
    FROM generations
    WHERE byok = false AND variant IS DISTINCT FROM 'free'
),
billed AS (
    SELECT c.model, c.tokens_prompt + c.tokens_completion AS tokens,
           ((c.tokens_prompt - coalesce(c.tokens_cached, 0)) * p_in + coalesce(c.tokens_cached, 0) * p_cache
             + c.tokens_completion * p_out) / 1e6 AS usd
    FROM calls c ASOF LEFT JOIN listed l ON c.model = l.model AND c.day >= l.since
)
SELECT model, sum(tokens) AS charged_tokens, sum(usd) AS cost_usd, 1e6 * sum(usd) / sum(tokens) AS cost_usd_per_mtok
FROM billed
GROUP BY model
