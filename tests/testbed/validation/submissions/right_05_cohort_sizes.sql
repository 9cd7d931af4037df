-- question: cohort_sizes
-- dialect: bigquery
WITH requests AS (
  SELECT model, IFNULL(NULLIF(user_id, ''), NULLIF(account_id, '')) AS uid, created_at
  FROM generations
),
firsts AS (
  SELECT model, created_at
  FROM requests
  WHERE uid IS NOT NULL
  QUALIFY ROW_NUMBER() OVER (PARTITION BY model, uid ORDER BY created_at) = 1
)
SELECT
  model,
  DATE_TRUNC(DATE(created_at), MONTH) AS cohort,
  COUNT(*) AS users
FROM firsts
GROUP BY 1, 2
ORDER BY 1, 2
