-- question: retention_triangle_on_or_after
-- model: author/slug
WITH bound AS (
  SELECT CAST(date_trunc('month', CAST(max(created_at AT TIME ZONE 'UTC') AS DATE) + 1) - INTERVAL 1 MONTH AS DATE) AS last_month
  FROM generations
), span AS (
  -- first and last month of each user with the model
  SELECT coalesce(nullif(user_id, ''), nullif(account_id, '')) AS usr,
         CAST(date_trunc('month', min(created_at AT TIME ZONE 'UTC')) AS DATE) AS cohort,
         CAST(date_trunc('month', max(created_at AT TIME ZONE 'UTC')) AS DATE) AS last_seen
  FROM generations
  WHERE model = 'author/slug'
  GROUP BY 1
  HAVING usr IS NOT NULL
), cells AS (
  SELECT usr, cohort, date_diff('month', cohort, last_seen) AS lived,
         unnest(generate_series(0, date_diff('month', cohort, last_month))) AS k
  FROM span, bound
  WHERE cohort <= last_month
)
SELECT cohort, k,
       count(*) AS users,
       count(*) FILTER (WHERE lived >= k) AS active,
       avg(CASE WHEN lived >= k THEN 1.0 ELSE 0.0 END) AS retention
FROM cells
GROUP BY cohort, k
ORDER BY cohort, k
