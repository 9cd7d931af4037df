-- question: active_users
-- dialect: bigquery
SELECT
  DATE_TRUNC(DATE(created_at, 'UTC'), ISOWEEK) AS week,
  COUNT(DISTINCT IF(IFNULL(user_id, '') = '', NULLIF(account_id, ''), user_id)) AS users
FROM generations
GROUP BY week
ORDER BY week
