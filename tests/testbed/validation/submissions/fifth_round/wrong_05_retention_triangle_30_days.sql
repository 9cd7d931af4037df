-- question: retention_triangle_30_days
-- model: author/slug
WITH lim AS (
  SELECT CAST(max(created_at AT TIME ZONE 'UTC') AS DATE) + 1 AS log_end FROM generations
), g AS (
  SELECT coalesce(nullif(user_id, ''), nullif(account_id, '')) AS usr,
         created_at AT TIME ZONE 'UTC' AS ts
  FROM generations
  WHERE model = 'author/slug'
), f AS (
  SELECT usr, min(ts) AS t0 FROM g WHERE usr IS NOT NULL GROUP BY usr
), member AS (
  SELECT usr, t0, CAST(date_trunc('month', t0) AS DATE) AS cohort FROM f
), sizes AS (
  SELECT cohort, count(*) AS users FROM member GROUP BY cohort
), grid AS (
  SELECT s.cohort, s.users, r.k
  FROM sizes s
  CROSS JOIN lim
  CROSS JOIN range(0, 400) AS r(k)
  WHERE s.cohort + INTERVAL 1 MONTH + to_days(CAST(30 * (r.k + 1) AS INTEGER)) <= lim.log_end
), hits AS (
  SELECT m.cohort, m.usr, date_diff('day', m.t0, g.ts) // 30 AS k
  FROM g JOIN member m ON m.usr = g.usr
)
SELECT grid.cohort, grid.k, grid.users,
       count(DISTINCT hits.usr) AS active,
       count(DISTINCT hits.usr) / CAST(grid.users AS DOUBLE) AS retention
FROM grid
LEFT JOIN hits ON hits.cohort = grid.cohort AND hits.k = grid.k
GROUP BY grid.cohort, grid.k, grid.users
ORDER BY 1, 2
