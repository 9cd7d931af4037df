-- question: foundational_verdict
-- model: author/slug
WITH ev AS (
  SELECT ifnull(nullif(user_id, ''), account_id) AS usr,
         model,
         (created_at AT TIME ZONE 'UTC')::date AS d
  FROM generations
),
fin AS (
  SELECT min(d) AS first_day,
         CASE WHEN max(d) = last_day(max(d)) THEN date_trunc('month', max(d))
              ELSE date_trunc('month', max(d)) - INTERVAL 1 MONTH END::date AS last_month
  FROM ev
),
born AS (
  SELECT usr, date_trunc('month', min(d))::date AS cohort, list(DISTINCT date_trunc('month', d)::date) AS months
  FROM ev WHERE model = 'author/slug' AND usr IS NOT NULL
  GROUP BY usr
),
tri AS (
  SELECT cohort,
         avg(list_contains(months, (cohort + INTERVAL 3 MONTH)::date)::INTEGER) AS r3,
         avg(list_contains(months, (cohort + INTERVAL 4 MONTH)::date)::INTEGER) AS r4,
         avg(list_contains(months, (cohort + INTERVAL 5 MONTH)::date)::INTEGER) AS r5
  FROM born GROUP BY cohort
),
cut AS (   -- a cell exists only where its month is complete
  SELECT cohort,
         CASE WHEN cohort + INTERVAL 3 MONTH <= last_month THEN r3 END AS r3,
         CASE WHEN cohort + INTERVAL 4 MONTH <= last_month THEN r4 END AS r4,
         CASE WHEN cohort + INTERVAL 5 MONTH <= last_month THEN r5 END AS r5
  FROM tri, fin
),
best_later AS (   -- highest retention of any later cohort
  SELECT *,
         max(r3) OVER later AS m3, max(r4) OVER later AS m4, max(r5) OVER later AS m5
  FROM cut
  WINDOW later AS (ORDER BY cohort ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
),
launch AS (
  SELECT min(b.cohort) AS lm
  FROM models m, born b, fin
  WHERE m.model = 'author/slug'
    AND m.released::date >= fin.first_day
    AND b.cohort >= date_trunc('month', m.released::date)
)
SELECT cohort,
       coalesce(cohort BETWEEN lm AND lm + INTERVAL 1 MONTH, false)
         AND r5 >= 0.3 - 1e-9
         AND r5 >= 0.8 * r3 - 1e-9
         AND coalesce(r3 - m3 >= 0.1 - 1e-9 AND r4 - m4 >= 0.1 - 1e-9 AND r5 - m5 >= 0.1 - 1e-9, false) AS foundational
FROM best_later, launch
WHERE r5 IS NOT NULL
ORDER BY cohort;
