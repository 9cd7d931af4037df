-- question: retention_triangle
-- model: author/slug
WITH params AS (
  SELECT CAST(date_trunc('month', CAST(max(created_at) AT TIME ZONE 'UTC' AS DATE) + 1) - INTERVAL 1 MONTH AS DATE) AS last_month
  FROM generations
),
activity AS (
  SELECT DISTINCT
    coalesce(nullif(user_id, ''), account_id) AS uid,
    CAST(date_trunc('month', created_at AT TIME ZONE 'UTC') AS DATE) AS month
  FROM generations
  WHERE model = 'author/slug'
),
cohorts AS (
  SELECT uid, min(month) AS cohort
  FROM activity
  WHERE uid IS NOT NULL
  GROUP BY uid
),
grid AS (
  SELECT c.cohort, c.users, unnest(generate_series(0, date_diff('month', c.cohort, p.last_month))) AS k
  FROM (SELECT cohort, count(*) AS users FROM cohorts GROUP BY cohort) c
  CROSS JOIN params p
  WHERE c.cohort <= p.last_month
),
hits AS (
  SELECT c.cohort, date_diff('month', c.cohort, a.month) AS k, count(*) AS active
  FROM cohorts c
  JOIN activity a ON a.uid = c.uid
  GROUP BY 1, 2
)
SELECT grid.cohort, grid.k, grid.users,
       coalesce(hits.active, 0) AS active,
       coalesce(hits.active, 0) / grid.users AS retention
FROM grid
LEFT JOIN hits ON hits.cohort = grid.cohort AND hits.k = grid.k
ORDER BY grid.cohort, grid.k;
