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
numbers AS (
    SELECT ROW_NUMBER() OVER (ORDER BY 1) - 1 AS k FROM generations
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
