-- question: effective_cost_by_author
-- dialect: bigquery
WITH per_model AS (
  SELECT
    model,
    SUM(tokens_prompt + tokens_completion) AS tok,
    SUM(cost_total) AS usd
  FROM generations
  WHERE byok = FALSE AND COALESCE(variant, '') <> 'free'
  GROUP BY model
)
SELECT
  SPLIT(model, '/')[SAFE_OFFSET(0)] AS author,
  SUM(tok) AS charged_tokens,
  SUM(usd) AS cost_usd,
  AVG(SAFE_DIVIDE(usd, tok)) * 1e6 AS cost_usd_per_mtok
FROM per_model
GROUP BY 1
ORDER BY 1
