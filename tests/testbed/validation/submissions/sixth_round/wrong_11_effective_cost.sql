-- question: effective_cost
-- dialect: postgres
SELECT model,
       sum(coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0)) AS charged_tokens,
       sum(cost_total) AS cost_usd,
       avg(cost_total / nullif(coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0), 0)) * 1000000 AS cost_usd_per_mtok
FROM generations
WHERE byok IS NOT TRUE
  AND variant IS DISTINCT FROM 'free'
GROUP BY model
ORDER BY model;
