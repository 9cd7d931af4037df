-- question: effective_cost
-- dialect: snowflake
SELECT model,
       SUM(tokens_prompt + tokens_completion) AS charged_tokens,
       SUM(cost_total) AS cost_usd,
       DIV0(SUM(cost_total), SUM(tokens_prompt + tokens_completion)) * 1000000 AS cost_usd_per_mtok
FROM generations
WHERE NOT NVL(byok, FALSE)
  AND NVL(variant, 'standard') <> 'free'
GROUP BY model
ORDER BY model
