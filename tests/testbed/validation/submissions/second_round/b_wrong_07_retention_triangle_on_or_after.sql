-- question: retention_triangle_on_or_after
-- model: author/slug
WITH last_complete AS (
  SELECT (date_trunc('month', (max(created_at) AT TIME ZONE 'UTC')::date + 1) - INTERVAL 1 MONTH)::date AS lm
  FROM generations
),
span AS (
  -- one row a user: month of birth and month last seen
  SELECT coalesce(nullif(user_id, ''), account_id) AS uid,
         date_trunc('month', min(created_at) AT TIME ZONE 'UTC')::date AS cohort,
         date_trunc('month', max(created_at) AT TIME ZONE 'UTC')::date AS seen
  FROM generations
  WHERE model = 'author/slug'
  GROUP BY 1
  HAVING uid IS NOT NULL
),
ks AS (
  SELECT DISTINCT cohort, unnest(range(0, date_diff('month', cohort, lm) + 1)) AS k
  FROM span, last_complete
  WHERE cohort <= lm
)
SELECT ks.cohort,
       ks.k,
       count(*) AS users,
       count(*) FILTER (date_diff('month', span.cohort, span.seen) >= ks.k) AS active,
       avg((date_diff('month', span.cohort, span.seen) >= ks.k)::int) AS retention
FROM ks JOIN span ON span.cohort = ks.cohort
GROUP BY ks.cohort, ks.k
ORDER BY ks.cohort, ks.k;
