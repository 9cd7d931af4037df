-- question: retention_triangle_every_month
-- model: author/slug
-- dialect: postgres
WITH lim AS (
    SELECT (date_trunc('month', (max(created_at) AT TIME ZONE 'UTC')::date + interval '1 day') - interval '1 month')::date AS last_month
    FROM generations
),
months AS (
    SELECT DISTINCT
           coalesce(nullif(user_id, ''), account_id) AS person,
           (extract(year FROM created_at AT TIME ZONE 'UTC') * 12
             + extract(month FROM created_at AT TIME ZONE 'UTC') - 1)::int AS mi
    FROM generations
    WHERE model = 'author/slug'
),
numbered AS (
    SELECT person, mi,
           min(mi) OVER (PARTITION BY person) AS c,
           row_number() OVER (PARTITION BY person ORDER BY mi) AS rn
    FROM months
    WHERE person IS NOT NULL
),
streaks AS (
    -- length of the unbroken run that starts in the cohort's month
    SELECT person, c, count(*) AS run
    FROM numbered
    WHERE mi - c = rn - 1
    GROUP BY person, c
),
grid AS (
    SELECT s.c, s.users, g.k
    FROM (SELECT c, count(*) AS users FROM streaks GROUP BY c) s
    CROSS JOIN lim
    CROSS JOIN generate_series(0, 600) AS g(k)
    WHERE s.c + g.k <= extract(year FROM lim.last_month) * 12 + extract(month FROM lim.last_month) - 1
)
SELECT make_date(floor(grid.c / 12.0)::int, (grid.c % 12 + 1)::int, 1) AS cohort,
       grid.k,
       grid.users,
       count(*) FILTER (WHERE streaks.run > grid.k) AS active,
       count(*) FILTER (WHERE streaks.run > grid.k)::double precision / grid.users AS retention
FROM grid
JOIN streaks ON streaks.c = grid.c
GROUP BY grid.c, grid.k, grid.users
ORDER BY 1, 2;
