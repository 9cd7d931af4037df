-- question: active_users
-- dialect: bigquery
SELECT
  DATE_TRUNC(DATE(created_at), WEEK(MONDAY)) AS week,
  COUNT(DISTINCT COALESCE(NULLIF(user_id, ''), NULLIF(account_id, ''))) AS users
FROM generations
GROUP BY 1
ORDER BY 1
