-- question: foundational_verdict
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
, launch AS (
  SELECT min(f.cohort) AS lm
  FROM f, models m
  WHERE m.model = 'author/slug'
    AND f.cohort >= date_trunc('month', CAST(m.released AS DATE))
    AND CAST(m.released AS DATE) >= (SELECT CAST(min(created_at AT TIME ZONE 'UTC') AS DATE) FROM generations)
), gaps AS (
  SELECT a.cohort, a.k, a.retention - max(b.retention) AS gap
  FROM tri a JOIN tri b ON b.k = a.k AND b.cohort > a.cohort
  WHERE a.k IN (3, 4, 5)
  GROUP BY a.cohort, a.k, a.retention
), apart AS (
  SELECT cohort FROM gaps WHERE gap >= 0.10 - 1e-12 GROUP BY cohort HAVING count(*) = 3
)
SELECT t5.cohort,
       coalesce(t5.cohort >= l.lm AND t5.cohort <= l.lm + INTERVAL 1 MONTH, false)
       AND t5.retention >= 0.30 - 1e-12
       AND t5.retention >= 0.80 * t3.retention - 1e-12
       AND t5.cohort IN (SELECT cohort FROM apart) AS foundational
FROM tri t5 JOIN tri t3 ON t3.cohort = t5.cohort AND t3.k = 3 CROSS JOIN launch l
WHERE t5.k = 5
ORDER BY 1;
