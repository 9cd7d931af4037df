-- question: retention_triangle
-- model: author/slug
-- dialect: postgres
WITH bound AS (
  SELECT date_trunc('month', (max(created_at) AT TIME ZONE 'UTC') + interval '1 day') - interval '1 month' AS last_month
  FROM generations
), act AS (
  SELECT DISTINCT coalesce(nullif(user_id, ''), nullif(account_id, '')) AS usr,
         date_trunc('month', created_at AT TIME ZONE 'UTC') AS month
  FROM generations
  WHERE model = 'author/slug'
    AND coalesce(nullif(user_id, ''), nullif(account_id, '')) IS NOT NULL
), first_use AS (
  SELECT usr, min(month) AS cohort FROM act GROUP BY usr
), sizes AS (
  SELECT cohort, count(*) AS users FROM first_use GROUP BY cohort
), calendar AS (
  SELECT m AS month
  FROM bound, generate_series((SELECT min(cohort) FROM first_use), last_month, interval '1 month') AS s(m)
), grid AS (
  SELECT s.cohort, s.users,
         row_number() OVER (PARTITION BY s.cohort ORDER BY c.month) - 1 AS k
  FROM sizes s JOIN calendar c ON c.month >= s.cohort
), hits AS (
  SELECT f.cohort, f.usr, extract(month FROM age(a.month, f.cohort)) AS k
  FROM first_use f JOIN act a ON a.usr = f.usr
)
SELECT g.cohort::date AS cohort, g.k, g.users,
       count(DISTINCT h.usr) AS active,
       count(DISTINCT h.usr)::double precision / g.users AS retention
FROM grid g
LEFT JOIN hits h ON h.cohort = g.cohort AND h.k = g.k
GROUP BY g.cohort, g.k, g.users
ORDER BY 1, 2
