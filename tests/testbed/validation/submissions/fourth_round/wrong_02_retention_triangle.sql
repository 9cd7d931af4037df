-- question: retention_triangle
-- model: author/slug
-- dialect: postgres
WITH usage AS (
    SELECT DISTINCT
           COALESCE(NULLIF(user_id, ''), account_id) AS usr,
           date_trunc('month', created_at AT TIME ZONE 'UTC')::date AS mon
    FROM generations
    WHERE model = 'author/slug'
      AND COALESCE(NULLIF(user_id, ''), account_id) IS NOT NULL
), last_month AS (
    SELECT date_trunc('month', max(created_at AT TIME ZONE 'UTC'))::date AS mon
    FROM generations
), firsts AS (
    SELECT usr, min(mon) AS cohort
    FROM usage
    GROUP BY usr
), sizes AS (
    SELECT cohort, count(*) AS users
    FROM firsts
    GROUP BY cohort
), months AS (
    SELECT DISTINCT date_trunc('month', created_at AT TIME ZONE 'UTC')::date AS mon
    FROM generations
), grid AS (
    SELECT s.cohort, s.users, m.mon,
           CAST((EXTRACT(year FROM m.mon) - EXTRACT(year FROM s.cohort)) * 12
              + (EXTRACT(month FROM m.mon) - EXTRACT(month FROM s.cohort)) AS integer) AS k
    FROM sizes s
    JOIN months m ON m.mon >= s.cohort
    CROSS JOIN last_month l
    WHERE m.mon <= l.mon
)
SELECT g.cohort,
       g.k,
       g.users,
       count(u.usr) AS active,
       count(u.usr)::int / g.users::int AS retention
FROM grid g
JOIN firsts f ON f.cohort = g.cohort
LEFT JOIN usage u ON u.usr = f.usr AND u.mon = g.mon
GROUP BY g.cohort, g.k, g.users
ORDER BY g.cohort, g.k;
