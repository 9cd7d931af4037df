-- question: retention_triangle
-- model: author/slug
-- Monthly cohorts, calendar months in UTC, incomplete last month cut off.
WITH horizon AS (
    SELECT last_day,
           CASE WHEN last_day = last_day(last_day) THEN date_trunc('month', last_day)::DATE
                ELSE (date_trunc('month', last_day) - INTERVAL 1 MONTH)::DATE END AS last_month
    FROM (SELECT (max(created_at) AT TIME ZONE 'UTC')::DATE AS last_day FROM generations)
),
uses AS (
    SELECT DISTINCT coalesce(nullif(user_id, ''), nullif(account_id, '')) AS who,
           date_trunc('month', created_at AT TIME ZONE 'UTC')::DATE AS month
    FROM generations
    WHERE model = 'author/slug'
),
began AS (
    SELECT who, min(month) AS cohort FROM uses WHERE who IS NOT NULL GROUP BY who
),
sizes AS (
    SELECT cohort, count(*) AS users FROM began GROUP BY cohort
),
grid AS (
    SELECT s.cohort, s.users, t.k
    FROM sizes AS s, horizon AS h, generate_series(0, 240) AS t(k)
    WHERE t.k <= date_diff('month', s.cohort, h.last_month)
),
came AS (
    SELECT b.cohort, date_diff('month', b.cohort, u.month) AS k, count(*) AS active
    FROM uses AS u JOIN began AS b USING (who)
    GROUP BY 1, 2
)
SELECT g.cohort, g.k, g.users, coalesce(c.active, 0) AS active, coalesce(c.active, 0) / g.users AS retention
FROM grid AS g LEFT JOIN came AS c ON c.cohort = g.cohort AND c.k = g.k
ORDER BY 1, 2
