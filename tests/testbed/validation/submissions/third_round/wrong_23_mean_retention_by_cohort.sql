-- question: mean_retention_by_cohort
-- model: author/slug
WITH span AS (
    SELECT date_trunc('month', max(created_at AT TIME ZONE 'UTC') + INTERVAL 1 DAY)::DATE AS open_month
    FROM generations
),
months AS (
    SELECT DISTINCT COALESCE(NULLIF(user_id, ''), account_id) AS usr,
           date_trunc('month', created_at AT TIME ZONE 'UTC')::DATE AS month
    FROM generations
    WHERE model = 'author/slug'
      AND COALESCE(NULLIF(user_id, ''), account_id) IS NOT NULL
),
cohorts AS (
    SELECT usr, min(month) AS cohort FROM months GROUP BY usr
),
sizes AS (
    SELECT cohort, count(*) AS users FROM cohorts GROUP BY cohort
),
grid AS (
    SELECT s.cohort, s.users, m.month::DATE AS month
    FROM sizes s, span,
         LATERAL (SELECT unnest(generate_series(s.cohort + INTERVAL 1 MONTH,
                                                span.open_month - INTERVAL 1 MONTH,
                                                INTERVAL 1 MONTH)) AS month) m
),
hits AS (
    SELECT c.cohort, m.month, count(*) AS active
    FROM cohorts c JOIN months m USING (usr)
    GROUP BY ALL
)
SELECT g.cohort, avg(h.active / g.users) AS retention
FROM grid g
LEFT JOIN hits h ON h.cohort = g.cohort AND h.month = g.month
GROUP BY g.cohort
ORDER BY g.cohort
