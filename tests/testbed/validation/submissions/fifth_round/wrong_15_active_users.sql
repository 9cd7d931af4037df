-- question: active_users
-- dialect: bigquery
SELECT
  DATE_TRUNC(DATE(created_at, 'UTC'), WEEK) AS week,
  COUNT(DISTINCT NULLIF(user_id, '')) AS users
FROM generations
GROUP BY week
ORDER BY week
