-- question: cache_hit_rate
-- dialect: bigquery
SELECT
  DATE_TRUNC(DATE(created_at), ISOWEEK) AS week,
  AVG(SAFE_DIVIDE(tokens_cached, tokens_prompt)) AS share
FROM generations
WHERE tokens_cached IS NOT NULL
GROUP BY 1
ORDER BY 1
