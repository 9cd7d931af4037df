-- question: cache_hit_rate
SELECT
  CAST(date_trunc('week', created_at AT TIME ZONE 'UTC') AS DATE) AS week,
  SUM(tokens_cached) * 1.0 / NULLIF(SUM(tokens_prompt), 0) AS share
FROM generations
GROUP BY 1
ORDER BY 1;
