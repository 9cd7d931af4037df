-- question: effective_cost
-- dialect: spark
SELECT model,
       SUM(COALESCE(tokens_prompt, 0) + COALESCE(tokens_completion, 0)) AS charged_tokens,
       SUM(cost_total) AS cost_usd,
       AVG(cost_total / NULLIF(COALESCE(tokens_prompt, 0) + COALESCE(tokens_completion, 0), 0)) * 1e6 AS cost_usd_per_mtok
FROM generations
WHERE NOT COALESCE(byok, FALSE)
  AND COALESCE(variant, '') <> 'free'
GROUP BY model
ORDER BY model
