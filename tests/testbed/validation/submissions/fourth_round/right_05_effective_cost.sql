-- question: effective_cost
-- dialect: bigquery
SELECT
  model,
  SUM(tokens) AS charged_tokens,
  SUM(cost_total) AS cost_usd,
  SAFE_DIVIDE(SUM(cost_total), SUM(tokens)) * 1000000 AS cost_usd_per_mtok
FROM (
  SELECT model, cost_total, IFNULL(tokens_prompt, 0) + IFNULL(tokens_completion, 0) AS tokens
  FROM generations
  WHERE byok IS FALSE
    AND (variant IS NULL OR variant != 'free')
)
GROUP BY model
ORDER BY model;
