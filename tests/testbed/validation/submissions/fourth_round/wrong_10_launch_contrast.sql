-- question: launch_contrast
-- model: author/slug
WITH logb AS (
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
  SELECT min(co.cohort) AS launch_month
  FROM co, models m, logb
  WHERE m.model = 'author/slug'
    AND m.released >= logb.first_day
    AND co.cohort >= date_trunc('month', m.released)
),
cells AS (
  SELECT cohort, users, k,
         (SELECT count(*) FROM um JOIN co USING (usr)
           WHERE co.cohort = s.cohort AND um.mon = s.cohort + to_months(s.k)) / users AS retention
  FROM (SELECT cohort, count(*) AS users, unnest([3, 4, 5])::INTEGER AS k FROM co GROUP BY cohort) s, logb
  WHERE s.cohort + to_months(s.k) <= logb.last_month
)
SELECT l.k,
       l.retention AS launch,
       avg(o.retention) AS later,
       l.retention - avg(o.retention) AS difference
FROM cells l
JOIN launch ON l.cohort = launch.launch_month
LEFT JOIN cells o ON o.k = l.k AND o.cohort > launch.launch_month
GROUP BY l.k, l.retention
ORDER BY l.k;
