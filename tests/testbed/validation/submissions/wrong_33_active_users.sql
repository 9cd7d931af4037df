-- question: active_users
-- dialect: spark
WITH d AS (
  SELECT CAST(convert_timezone('UTC', created_at) AS DATE) AS day,
         coalesce(nullif(user_id, ''), account_id) AS uid
  FROM generations
)
SELECT CAST(date_trunc('WEEK', min(day)) AS DATE) AS week, count(DISTINCT uid) AS users
FROM d
GROUP BY year(day), weekofyear(day)
ORDER BY 1
