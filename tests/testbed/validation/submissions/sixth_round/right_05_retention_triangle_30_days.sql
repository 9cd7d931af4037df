-- question: retention_triangle_30_days
-- model: author/slug
WITH r AS (
  SELECT coalesce(nullif(user_id, ''), nullif(account_id, '')) AS u, created_at AT TIME ZONE 'UTC' AS ts
  FROM generations WHERE model = 'author/slug'
), f AS (
  SELECT u, min(ts) AS t0, CAST(date_trunc('month', min(ts)) AS DATE) AS cohort
  FROM r WHERE u IS NOT NULL GROUP BY u
), e AS (
  SELECT CAST(max(created_at AT TIME ZONE 'UTC') AS DATE) + 1 AS stop FROM generations
), size AS (
  SELECT cohort, count(*) AS users FROM f GROUP BY cohort
), cells AS (
  SELECT s.cohort, s.users, n.k
  FROM size s, e, (SELECT unnest(range(0, 1000)) AS k) n
  WHERE CAST(s.cohort + INTERVAL 1 MONTH AS DATE) + CAST(30 * (n.k + 1) AS INTEGER) <= e.stop
), a AS (
  SELECT f.cohort, (epoch_us(r.ts) - epoch_us(f.t0)) // (30 * 86400 * 1000000::BIGINT) AS k, count(DISTINCT f.u) AS active
  FROM r JOIN f ON f.u = r.u GROUP BY 1, 2
)
SELECT c.cohort, c.k, c.users, coalesce(a.active, 0) AS active, coalesce(a.active, 0) / c.users AS retention
FROM cells c LEFT JOIN a ON a.cohort = c.cohort AND a.k = c.k
ORDER BY 1, 2;
