-- question: retention_triangle_on_or_after
-- model: author/slug
-- dialect: bigquery
WITH u AS (
  SELECT IFNULL(NULLIF(user_id, ''), account_id) AS uid, DATE_TRUNC(DATE(created_at), MONTH) AS m
  FROM generations
  WHERE model = 'author/slug'
),
span AS (
  SELECT uid, MIN(m) AS cohort, MAX(m) AS last_seen
  FROM u
  WHERE uid IS NOT NULL
  GROUP BY uid
),
horizon AS (
  SELECT DATE_TRUNC(DATE_ADD(DATE(MAX(created_at)), INTERVAL 1 DAY), MONTH) AS open_month FROM generations
)
SELECT
  s.cohort,
  k,
  COUNT(*) AS users,
  COUNTIF(DATE_DIFF(s.last_seen, s.cohort, MONTH) >= k) AS active,
  COUNTIF(DATE_DIFF(s.last_seen, s.cohort, MONTH) >= k) / COUNT(*) AS retention
FROM span s
CROSS JOIN horizon h
CROSS JOIN UNNEST(GENERATE_ARRAY(0, 60)) AS k
WHERE k < DATE_DIFF(h.open_month, s.cohort, MONTH)
GROUP BY s.cohort, k
ORDER BY 1, 2
