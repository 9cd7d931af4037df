-- question: retention_triangle
-- model: author/slug
-- dialect: bigquery
WITH requests AS (
  SELECT
    IFNULL(NULLIF(user_id, ''), account_id) AS uid,
    model,
    DATE(created_at) AS day
  FROM generations
),
cohorts AS (
  SELECT uid, DATE_TRUNC(MIN(day), MONTH) AS cohort
  FROM requests
  WHERE uid IS NOT NULL
  GROUP BY uid
),
horizon AS (
  SELECT DATE_TRUNC(DATE_ADD(MAX(day), INTERVAL 1 DAY), MONTH) AS open_month FROM requests
),
users_of_model AS (
  SELECT DISTINCT c.cohort, r.uid, DATE_TRUNC(r.day, MONTH) AS month
  FROM requests r
  JOIN cohorts c ON c.uid = r.uid
  WHERE r.model = 'author/slug'
),
sizes AS (
  SELECT cohort, COUNT(DISTINCT uid) AS users FROM users_of_model GROUP BY cohort
),
grid AS (
  SELECT s.cohort, s.users, k
  FROM sizes s
  CROSS JOIN horizon h
  CROSS JOIN UNNEST(GENERATE_ARRAY(0, 60)) AS k
  WHERE k < DATE_DIFF(h.open_month, s.cohort, MONTH)
)
SELECT
  g.cohort,
  g.k,
  g.users,
  COUNT(DISTINCT u.uid) AS active,
  COUNT(DISTINCT u.uid) / g.users AS retention
FROM grid g
LEFT JOIN users_of_model u
  ON u.cohort = g.cohort AND DATE_DIFF(u.month, g.cohort, MONTH) = g.k
GROUP BY g.cohort, g.k, g.users
ORDER BY 1, 2
