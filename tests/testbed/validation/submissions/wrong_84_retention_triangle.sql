-- question: retention_triangle
-- model: author/slug
-- dialect: redshift
WITH calls AS (
    SELECT COALESCE(NULLIF(user_id, ''), account_id) AS member,
           DATE_TRUNC('month', created_at AT TIME ZONE 'UTC')::DATE AS mth
    FROM generations
    WHERE model = 'author/slug'
),
first_call AS (
    SELECT member, MIN(mth) AS cohort FROM calls WHERE member IS NOT NULL GROUP BY member
),
cohort_size AS (
    SELECT cohort, COUNT(member) AS users FROM first_call GROUP BY cohort
),
digits AS (
    SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4
    UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9
),
numbers AS (
    SELECT 10 * t.d + u.d AS k FROM digits t CROSS JOIN digits u
),
closed AS (
    SELECT DATE_TRUNC('month', DATEADD(day, 1, MAX(created_at AT TIME ZONE 'UTC')))::DATE AS open_month FROM generations
)
SELECT s.cohort, n.k, s.users,
       COUNT(c.member) AS active,
       COUNT(c.member)::FLOAT / s.users AS retention
FROM cohort_size s
CROSS JOIN closed
JOIN numbers n ON n.k < DATEDIFF(month, s.cohort, closed.open_month)
JOIN first_call f ON f.cohort = s.cohort
LEFT JOIN calls c ON c.member = f.member AND DATEDIFF(month, s.cohort, c.mth) = n.k
GROUP BY s.cohort, n.k, s.users
ORDER BY s.cohort, n.k
