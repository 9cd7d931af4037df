-- question: effective_cost
WITH charged AS (
    SELECT model,
           COALESCE(tokens_prompt, 0) + COALESCE(tokens_completion, 0) AS tokens,
           ROUND(cost_total, 2) AS usd
    FROM generations
    WHERE byok = FALSE
      AND variant IS DISTINCT FROM 'free'
)
SELECT model,
       SUM(tokens) AS charged_tokens,
       SUM(usd) AS cost_usd,
       SUM(usd) / NULLIF(SUM(tokens), 0) * 1000000 AS cost_usd_per_mtok
FROM charged
GROUP BY model
ORDER BY model
