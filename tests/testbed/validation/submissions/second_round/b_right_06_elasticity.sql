-- question: elasticity
-- dialect: bigquery
WITH charged AS (
  SELECT
    model,
    SUM(COALESCE(tokens_prompt, 0) + COALESCE(tokens_completion, 0)) AS tok,
    SUM(cost_total) AS usd
  FROM generations
  WHERE byok IS FALSE
    AND IFNULL(variant, '') != 'free'
    AND model IS NOT NULL
  GROUP BY model
),
points AS (
  SELECT LOG10(usd / tok * 1000000) AS x, LOG10(tok) AS y
  FROM charged
  WHERE tok > 0 AND usd > 0
),
moments AS (
  SELECT COUNT(*) AS n, MIN(x) AS lo, MAX(x) AS hi,
         COVAR_POP(y, x) AS sxy, VAR_POP(x) AS sxx
  FROM points
)
SELECT
  CASE WHEN n >= 3 AND hi > lo THEN sxy / sxx END AS slope,
  n AS models
FROM moments
