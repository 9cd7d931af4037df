-- question: mean_retention_by_cohort
-- model: author/slug
-- dialect: postgres
WITH bounds AS (
    SELECT (date_trunc('month', (max(created_at) AT TIME ZONE 'UTC')::date + interval '1 day') - interval '1 month')::date AS last_month
    FROM generations
),
monthly AS (
    SELECT DISTINCT
           coalesce(nullif(user_id, ''), account_id) AS person,
           date_trunc('month', created_at AT TIME ZONE 'UTC')::date AS month
    FROM generations
    WHERE model = 'author/slug'
),
born AS (
    SELECT person, min(month) AS cohort
    FROM monthly
    WHERE person IS NOT NULL
    GROUP BY person
),
sizes AS (
    SELECT cohort, count(*) AS users FROM born GROUP BY cohort
),
cells AS (
    SELECT s.cohort, s.users, gs.month::date AS month
    FROM sizes s
    CROSS JOIN bounds b
    CROSS JOIN LATERAL generate_series(s.cohort::timestamp, b.last_month::timestamp, interval '1 month') AS gs(month)
    WHERE s.cohort < b.last_month
),
triangle AS (
    SELECT c.cohort, c.month, c.users, count(m.person) AS active
    FROM cells c
    JOIN born b ON b.cohort = c.cohort
    LEFT JOIN monthly m ON m.person = b.person AND m.month = c.month
    GROUP BY c.cohort, c.month, c.users
)
SELECT cohort, avg(active::double precision / users) AS retention
FROM triangle
GROUP BY cohort
ORDER BY cohort;
