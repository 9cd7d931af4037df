-- question: foundational_verdict
-- model: author/slug
WITH lim AS (
  SELECT min(created_at AT TIME ZONE 'UTC')::date AS first_day,
         date_trunc('month', max(created_at AT TIME ZONE 'UTC')::date + 1) - INTERVAL 1 MONTH AS last_month
  FROM generations
),
um AS (
  SELECT DISTINCT coalesce(nullif(user_id, ''), account_id) AS usr,
         date_trunc('month', created_at AT TIME ZONE 'UTC') AS mon
  FROM generations
  WHERE model = 'author/slug' AND coalesce(nullif(user_id, ''), account_id) IS NOT NULL
),
co AS (SELECT usr, min(mon) AS cohort FROM um GROUP BY usr),
launch AS (
  SELECT min(cohort) AS lm
  FROM co JOIN models m ON m.model = 'author/slug' CROSS JOIN lim
  WHERE m.released >= first_day AND cohort >= date_trunc('month', m.released)
),
r AS (
  SELECT s.cohort, ks.k,
         count(um.usr) / any_value(s.users) AS ret
  FROM (SELECT cohort, count(*) AS users FROM co GROUP BY cohort) s
  CROSS JOIN (VALUES (3), (4), (5)) ks(k)
  CROSS JOIN lim
  JOIN co ON co.cohort = s.cohort
  LEFT JOIN um ON um.usr = co.usr AND um.mon = s.cohort + to_months(ks.k)
  WHERE s.cohort + to_months(ks.k) <= lim.last_month
  GROUP BY s.cohort, ks.k
),
vs AS (
  SELECT a.cohort, a.k, a.ret, avg(b.ret) AS others
  FROM r a LEFT JOIN r b ON b.k = a.k AND b.cohort > a.cohort
  GROUP BY a.cohort, a.k, a.ret
)
SELECT cohort::date AS cohort,
       coalesce(cohort IN ((SELECT lm FROM launch), (SELECT lm + INTERVAL 1 MONTH FROM launch)), false)
       AND coalesce(max(ret) FILTER (WHERE k = 5) >= 0.30 - 1e-9, false)
       AND coalesce(max(ret) FILTER (WHERE k = 5) >= 0.80 * max(ret) FILTER (WHERE k = 3) - 1e-9, false)
       AND bool_and(coalesce(ret - others >= 0.10 - 1e-9, false)) AS foundational
FROM vs
GROUP BY cohort
ORDER BY cohort;
