-- question: effective_cost_by_author
-- dialect: spark
WITH charged AS (
  SELECT SPLIT(model, '/')[0] AS author,
         COALESCE(tokens_prompt, 0) + COALESCE(tokens_completion, 0) AS tok,
         cost_total
  FROM generations
  WHERE byok = FALSE
    AND NOT (variant <=> 'free')
)
SELECT author,
       SUM(tok) AS charged_tokens,
       COALESCE(SUM(cost_total), 0) AS cost_usd,
       COALESCE(SUM(cost_total), 0) / NULLIF(SUM(tok), 0) * 1000000 AS cost_usd_per_mtok
FROM charged
GROUP BY author
ORDER BY author
