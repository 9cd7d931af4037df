-- question: foundational_verdict
-- model: author/slug
WITH bound AS (
  SELECT CAST(min(created_at AT TIME ZONE 'UTC') AS DATE) AS first_day,
         CAST(date_trunc('month', CAST(max(created_at AT TIME ZONE 'UTC') AS DATE) + 1) - INTERVAL 1 MONTH AS DATE) AS last_month
  FROM generations
), act AS (
  SELECT DISTINCT coalesce(nullif(user_id, ''), nullif(account_id, '')) AS usr,
         CAST(date_trunc('month', created_at AT TIME ZONE 'UTC') AS DATE) AS month
  FROM generations
  WHERE model = 'author/slug'
    AND coalesce(nullif(user_id, ''), nullif(account_id, '')) IS NOT NULL
), first_use AS (
  SELECT usr, min(month) AS cohort FROM act GROUP BY usr
), launch AS (
  SELECT (SELECT min(f.cohort)
          FROM first_use f, models m, bound b
          WHERE m.model = 'author/slug'
            AND CAST(m.released AS DATE) >= b.first_day
            AND f.cohort >= date_trunc('month', CAST(m.released AS DATE))) AS month
), tri AS (
  SELECT f.cohort, v.k, count(DISTINCT f.usr) AS users,
         count(DISTINCT a.usr) / CAST(count(DISTINCT f.usr) AS DOUBLE) AS r
  FROM first_use f
  CROSS JOIN bound b
  CROSS JOIN (VALUES (3), (4), (5)) AS v(k)
  LEFT JOIN act a ON a.usr = f.usr AND date_diff('month', f.cohort, a.month) = v.k
  WHERE date_diff('month', f.cohort, b.last_month) >= v.k
  GROUP BY f.cohort, v.k
), apart AS (
  SELECT c.cohort, count(*) = 3 AS ok
  FROM (
    SELECT c.cohort, c.k
    FROM tri c JOIN tri l ON l.k = c.k AND l.cohort > c.cohort
    GROUP BY c.cohort, c.k, c.r
    HAVING c.r - avg(l.r) >= 0.10 - 1e-9
  ) c
  GROUP BY c.cohort
)
SELECT t5.cohort,
       coalesce(t5.cohort >= launch.month
                AND t5.cohort <= launch.month + INTERVAL 1 MONTH, false)
       AND t5.r >= 0.30 - 1e-9
       AND t5.r >= 0.80 * t3.r - 1e-9
       AND coalesce(apart.ok, false) AS foundational
FROM tri t5
JOIN tri t3 ON t3.cohort = t5.cohort AND t3.k = 3
CROSS JOIN launch
LEFT JOIN apart ON apart.cohort = t5.cohort
WHERE t5.k = 5
ORDER BY t5.cohort
