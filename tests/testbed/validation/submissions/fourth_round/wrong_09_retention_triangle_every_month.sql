-- question: retention_triangle_every_month
-- model: author/slug
WITH lm AS (
  SELECT date_trunc('month', max(created_at AT TIME ZONE 'UTC')::date + 1)::date - INTERVAL 1 MONTH AS last_month
  FROM generations
),
um AS (
  SELECT DISTINCT coalesce(nullif(user_id, ''), account_id) AS usr,
         date_trunc('month', created_at AT TIME ZONE 'UTC') AS mon
  FROM generations, lm
  WHERE model = 'author/slug'
    AND date_trunc('month', created_at AT TIME ZONE 'UTC') <= last_month
    AND coalesce(nullif(user_id, ''), account_id) IS NOT NULL
),
-- length of the run of active months of each user
runs AS (
  SELECT usr, min(mon) AS cohort, count(*) AS run_length
  FROM um
  GROUP BY usr
),
cells AS (
  SELECT cohort, users, unnest(generate_series(0, date_diff('month', cohort, last_month))) AS k
  FROM (SELECT cohort, count(*) AS users FROM runs GROUP BY cohort), lm
)
SELECT c.cohort::date AS cohort,
       c.k,
       c.users,
       count(*) FILTER (WHERE r.run_length > c.k) AS active,
       count(*) FILTER (WHERE r.run_length > c.k) / c.users AS retention
FROM cells c JOIN runs r USING (cohort)
GROUP BY c.cohort, c.k, c.users
ORDER BY 1, 2;
