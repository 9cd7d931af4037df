-- question: retention_triangle_30_days
-- model: author/slug
WITH req AS (
  SELECT COALESCE(NULLIF(user_id, ''), account_id) AS usr,
         created_at,
         created_at AT TIME ZONE 'America/Los_Angeles' AS local_ts
  FROM generations
  WHERE model = 'author/slug'
    AND COALESCE(NULLIF(user_id, ''), account_id) IS NOT NULL
),
births AS (
  SELECT usr,
         min(created_at) AS born,
         date_trunc('month', min(local_ts)) AS cohort
  FROM req
  GROUP BY usr
),
log_end AS (
  SELECT date_trunc('day', max(created_at AT TIME ZONE 'UTC')) + INTERVAL 1 DAY AS fin
  FROM generations
),
windows AS (
  SELECT DISTINCT b.usr, b.cohort,
         CAST(floor((epoch_us(r.created_at) - epoch_us(b.born)) / (30 * 86400 * 1000000::BIGINT)) AS INTEGER) AS k
  FROM births b JOIN req r ON r.usr = b.usr
),
cohort_size AS (
  SELECT cohort, count(*) AS users FROM births GROUP BY cohort
),
cells AS (
  SELECT c.cohort, c.users, i.k
  FROM cohort_size c, log_end e, (SELECT CAST(range AS INTEGER) AS k FROM range(0, 600)) i
  WHERE c.cohort + to_days(30 * (i.k + 1)) <= e.fin
)
SELECT CAST(c.cohort AS DATE) AS cohort,
       c.k,
       c.users,
       count(w.usr) AS active,
       count(w.usr) / c.users AS retention
FROM cells c
LEFT JOIN windows w ON w.cohort = c.cohort AND w.k = c.k
GROUP BY c.cohort, c.k, c.users
ORDER BY 1, 2;
