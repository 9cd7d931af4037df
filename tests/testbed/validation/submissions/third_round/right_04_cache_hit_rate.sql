-- question: cache_hit_rate
-- dialect: bigquery
SELECT
  DATE_TRUNC(DATE(created_at, 'UTC'), WEEK(MONDAY)) AS week,
  SAFE_DIVIDE(
    SUM(tokens_cached),
    SUM(IF(tokens_cached IS NOT NULL, tokens_prompt, 0))
  ) AS share
FROM generations
GROUP BY week
ORDER BY week
