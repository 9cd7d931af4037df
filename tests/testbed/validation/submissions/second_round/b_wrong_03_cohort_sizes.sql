-- question: cohort_sizes
-- dialect: bigquery
WITH requests AS (
  SELECT
    COALESCE(NULLIF(user_id, ''), account_id) AS uid,
    model,
    DATE_TRUNC(DATE(created_at, 'UTC'), MONTH) AS month
  FROM generations
),
joined AS (
  SELECT uid, MIN(month) AS cohort
  FROM requests
  WHERE uid IS NOT NULL
  GROUP BY uid
)
SELECT
  r.model,
  j.cohort,
  COUNT(DISTINCT r.uid) AS users
FROM requests AS r
INNER JOIN joined AS j ON j.uid = r.uid
WHERE r.model IS NOT NULL
GROUP BY r.model, j.cohort
ORDER BY r.model, j.cohort
