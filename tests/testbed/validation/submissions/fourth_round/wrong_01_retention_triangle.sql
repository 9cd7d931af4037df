-- question: retention_triangle
-- model: author/slug
WITH bounds AS (
  SELECT date_trunc('month', max(created_at AT TIME ZONE 'UTC')::date + INTERVAL 1 DAY) - INTERVAL 1 MONTH AS last_month
  FROM generations
),
usage AS (
  SELECT DISTINCT
         COALESCE(user_id, account_id) AS usr,
         date_trunc('month', created_at AT TIME ZONE 'UTC') AS mon
  FROM generations
  WHERE model = 'author/slug'
    AND COALESCE(user_id, account_id) IS NOT NULL
),
firsts AS (
  SELECT usr, min(mon) AS cohort FROM usage GROUP BY usr
),
sizes AS (
  SELECT cohort, count(*) AS users
  FROM firsts, bounds
  WHERE cohort <= last_month
  GROUP BY cohort
),
grid AS (
  SELECT s.cohort, s.users, unnest(range(0, date_diff('month', s.cohort, b.last_month) + 1)) AS k
  FROM sizes s, bounds b
),
act AS (
  SELECT f.cohort, date_diff('month', f.cohort, u.mon) AS k, count(*) AS active
  FROM firsts f JOIN usage u USING (usr)
  GROUP BY 1, 2
)
SELECT g.cohort::date AS cohort,
       g.k,
       g.users,
       COALESCE(a.active, 0) AS active,
       COALESCE(a.active, 0) / g.users AS retention
FROM grid g
LEFT JOIN act a ON a.cohort = g.cohort AND a.k = g.k
ORDER BY 1, 2;
