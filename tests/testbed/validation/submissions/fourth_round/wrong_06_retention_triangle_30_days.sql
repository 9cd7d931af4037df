-- question: retention_triangle_30_days
-- model: author/slug
WITH log AS (
  SELECT (max(created_at AT TIME ZONE 'UTC')::date + 1)::timestamp AS log_end FROM generations
),
req AS (
  SELECT coalesce(nullif(user_id, ''), account_id) AS usr, created_at AT TIME ZONE 'UTC' AS ts
  FROM generations
  WHERE model = 'author/slug'
),
f AS (
  SELECT usr, min(ts) AS t0, date_trunc('month', min(ts)) AS cohort
  FROM req WHERE usr IS NOT NULL GROUP BY usr
),
sizes AS (SELECT cohort, count(*) AS users FROM f GROUP BY cohort),
grid AS (
  SELECT s.cohort, s.users, ks.k
  FROM sizes s
  CROSS JOIN log
  CROSS JOIN (SELECT unnest(range(0, 1000)) AS k) ks
  WHERE s.cohort + INTERVAL 1 MONTH + to_days((30 * (ks.k + 1))::INTEGER) <= log.log_end
),
act AS (
  SELECT f.cohort, date_diff('day', f.t0, r.ts) // 30 AS k, count(DISTINCT r.usr) AS active
  FROM req r JOIN f ON f.usr = r.usr
  GROUP BY 1, 2
)
SELECT g.cohort::date AS cohort, g.k, g.users,
       coalesce(a.active, 0) AS active,
       coalesce(a.active, 0) / g.users AS retention
FROM grid g LEFT JOIN act a USING (cohort, k)
ORDER BY cohort, k;
