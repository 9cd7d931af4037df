-- question: elasticity
-- dialect: bigquery
WITH per_model AS (
  SELECT
    model,
    SUM(IFNULL(tokens_prompt, 0) + IFNULL(tokens_completion, 0)) AS charged_tokens,
    SUM(cost_total) AS cost_usd
  FROM generations
  WHERE byok = FALSE AND IFNULL(variant, '') != 'free'
  GROUP BY model
),
points AS (
  SELECT
    LOG10(cost_usd / charged_tokens * 1000000) AS x,
    LOG10(charged_tokens) AS y
  FROM per_model
  WHERE charged_tokens > 0 AND cost_usd > 0
)
SELECT
  IF(COUNT(*) >= 3 AND MAX(x) > MIN(x), COVAR_POP(y, x) / VARIANCE(x), NULL) AS slope,
  COUNT(*) AS models
FROM points
