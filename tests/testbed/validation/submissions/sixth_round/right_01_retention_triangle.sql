-- question: retention_triangle
-- model: author/slug
WITH r AS (
  SELECT coalesce(nullif(user_id, ''), nullif(account_id, '')) AS u,
         CAST(date_trunc('month', created_at AT TIME ZONE 'UTC') AS DATE) AS mon
  FROM generations
  WHERE model = 'author/slug' AND coalesce(nullif(user_id, ''), nullif(account_id, '')) IS NOT NULL
), fin AS (
  SELECT CAST(date_trunc('month', max(created_at AT TIME ZONE 'UTC') + INTERVAL 1 DAY) - INTERVAL 1 MONTH AS DATE) AS last_month
  FROM generations
), f AS (
  SELECT u, min(mon) AS cohort FROM r GROUP BY u
), size AS (
  SELECT cohort, count(*) AS users FROM f GROUP BY cohort
), act AS (
  SELECT f.cohort, date_diff('month', f.cohort, r.mon) AS k, count(DISTINCT r.u) AS active
  FROM r JOIN f USING (u) GROUP BY 1, 2
), grid AS (
  SELECT s.cohort, s.users, unnest(range(0, date_diff('month', s.cohort, fin.last_month) + 1)) AS k
  FROM size s, fin WHERE s.cohort <= fin.last_month
), tri AS (
  SELECT g.cohort, g.k, g.users, coalesce(a.active, 0) AS active, coalesce(a.active, 0) / g.users AS retention
  FROM grid g LEFT JOIN act a ON a.cohort = g.cohort AND a.k = g.k
)
SELECT cohort, k, users, active, retention FROM tri ORDER BY cohort, k;
