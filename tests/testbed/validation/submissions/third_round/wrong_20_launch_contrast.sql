-- question: launch_contrast
-- model: author/slug
WITH log AS (
    SELECT model, COALESCE(NULLIF(user_id, ''), account_id) AS usr, created_at AT TIME ZONE 'UTC' AS ts
    FROM generations
),
span AS (
    SELECT min(ts)::DATE AS first_day,
           CASE WHEN last_day(max(ts)::DATE) = max(ts)::DATE
                THEN date_trunc('month', max(ts))::DATE
                ELSE (date_trunc('month', max(ts)) - INTERVAL 1 MONTH)::DATE END AS last_month
    FROM log
),
months AS (
    SELECT DISTINCT usr, date_trunc('month', ts)::DATE AS month
    FROM log
    WHERE model = 'author/slug' AND usr IS NOT NULL
),
cohorts AS (
    SELECT usr, min(month) AS cohort FROM months GROUP BY usr
),
sizes AS (
    SELECT cohort, count(*) AS users FROM cohorts GROUP BY cohort
),
cells AS (
    SELECT s.cohort, k, s.users,
           (SELECT count(*) FROM cohorts c JOIN months m USING (usr)
            WHERE c.cohort = s.cohort AND m.month = s.cohort + to_months(k::INT)) AS active
    FROM sizes s, span, range(3, 6) AS r(k)
    WHERE s.cohort + to_months(k::INT) <= span.last_month
),
launch AS (
    SELECT min(s.cohort) AS month
    FROM sizes s, models m, span
    WHERE m.model = 'author/slug'
      AND m.released >= span.first_day
      AND s.cohort >= date_trunc('month', m.released)
),
both_sides AS (
    SELECT a.k,
           a.active / a.users AS launch,
           (SELECT sum(b.active) / sum(b.users) FROM cells b
            WHERE b.k = a.k AND b.cohort >= l.month + INTERVAL 1 MONTH) AS later
    FROM cells a JOIN launch l ON a.cohort = l.month
)
SELECT k, launch, later, launch - later AS difference
FROM both_sides
ORDER BY k
