-- question: effective_cost_by_author
-- dialect: bigquery
SELECT
  SPLIT(model, '/')[OFFSET(0)] AS author,
  SUM(tokens_prompt + tokens_completion) AS charged_tokens,
  SUM(cost_total) AS cost_usd,
  SAFE_DIVIDE(SUM(cost_total), SUM(tokens_prompt + tokens_completion)) * 1000000 AS cost_usd_per_mtok
FROM generations
WHERE byok IS FALSE
  AND IFNULL(variant, 'standard') != 'free'
GROUP BY author
ORDER BY cost_usd DESC
