-- question: retention_triangle
-- model: author/slug
-- dialect: spark
-- (the cluster runs with spark.sql.session.timeZone = UTC)
WITH log AS (
  SELECT model,
         COALESCE(NULLIF(user_id, ''), account_id) AS usr,
         created_at AS ts
  FROM generations
),
bounds AS (
  SELECT CASE WHEN LAST_DAY(MAX(ts)) = CAST(MAX(ts) AS DATE)
              THEN TRUNC(MAX(ts), 'MONTH')
              ELSE ADD_MONTHS(TRUNC(MAX(ts), 'MONTH'), -1) END AS last_month
  FROM log
),
req AS (
  SELECT usr, ts FROM log WHERE model = 'author/slug' AND usr IS NOT NULL
),
firsts AS (
  SELECT usr, MIN(ts) AS t0, TRUNC(MIN(ts), 'MONTH') AS cohort FROM req GROUP BY usr
),
sizes AS (
  SELECT cohort, COUNT(*) AS users FROM firsts GROUP BY cohort
),
grid AS (
  SELECT s.cohort, s.users, n.k
  FROM sizes s
  CROSS JOIN bounds b
  CROSS JOIN (SELECT EXPLODE(SEQUENCE(0, 240)) AS k) n
  WHERE ADD_MONTHS(s.cohort, n.k) <= b.last_month
),
hits AS (
  SELECT f.cohort, CAST(FLOOR(MONTHS_BETWEEN(r.ts, f.t0)) AS INT) AS k, COUNT(DISTINCT r.usr) AS active
  FROM req r
  JOIN firsts f ON f.usr = r.usr
  CROSS JOIN bounds b
  WHERE TRUNC(r.ts, 'MONTH') <= b.last_month
  GROUP BY 1, 2
)
SELECT g.cohort, g.k, g.users, COALESCE(h.active, 0) AS active, COALESCE(h.active, 0) / g.users AS retention
FROM grid g
LEFT JOIN hits h ON h.cohort = g.cohort AND h.k = g.k
ORDER BY g.cohort, g.k
