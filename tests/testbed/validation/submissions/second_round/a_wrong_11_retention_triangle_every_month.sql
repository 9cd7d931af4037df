-- question: retention_triangle_every_month
-- model: author/slug
-- gaps and islands: a user survives to k as long as the streak of months does
WITH log_end AS (
    SELECT CAST(MAX(created_at AT TIME ZONE 'UTC') AS DATE) AS d FROM generations
),
horizon AS (
    SELECT year(d) * 12 + month(d) - 1 - IF(d = last_day(d), 0, 1) AS last_m FROM log_end
),
months AS (
    SELECT DISTINCT
        COALESCE(NULLIF(user_id, ''), account_id) AS usr,
        year(created_at AT TIME ZONE 'UTC') * 12 + month(created_at AT TIME ZONE 'UTC') - 1 AS m
    FROM generations
    WHERE model = 'author/slug'
      AND COALESCE(NULLIF(user_id, ''), account_id) IS NOT NULL
),
complete AS (
    SELECT usr, m FROM months, horizon WHERE m <= last_m
),
islands AS (
    SELECT usr, m, m - ROW_NUMBER() OVER (PARTITION BY usr ORDER BY m) AS island
    FROM complete
),
streaks AS (
    SELECT usr, island, COUNT(*) AS len FROM islands GROUP BY usr, island
),
per_user AS (
    SELECT c.usr, MIN(c.m) AS cohort_m, MAX(s.len) AS streak
    FROM complete c JOIN streaks s USING (usr)
    GROUP BY c.usr
)
SELECT
    make_date(p.cohort_m // 12, p.cohort_m % 12 + 1, 1) AS cohort,
    r.k,
    COUNT(*)                                            AS users,
    COUNT(*) FILTER (WHERE p.streak > r.k)              AS active,
    COUNT(*) FILTER (WHERE p.streak > r.k) / COUNT(*)   AS retention
FROM per_user p, horizon h, range(0, 240) r(k)
WHERE p.cohort_m + r.k <= h.last_m
GROUP BY p.cohort_m, r.k
ORDER BY p.cohort_m, r.k;
