-- question: retention_triangle
-- model: author/slug
-- Months are counted as integers (year * 12 + month), no dates until the end.
SELECT make_date(((cohort - 1) // 12)::BIGINT, ((cohort - 1) % 12 + 1)::BIGINT, 1) AS cohort,
       k,
       len(us) AS users,
       len(list_filter(us, lambda ms: list_contains(ms, cohort + k))) AS active,
       len(list_filter(us, lambda ms: list_contains(ms, cohort + k))) / len(us) AS retention
FROM (
  SELECT cohort, us, unnest(range(0, fin - cohort + 1)) AS k
  FROM (
    SELECT list_min(ms) AS cohort, list(ms) AS us
    FROM (
      SELECT CASE WHEN user_id IS NULL OR user_id = '' THEN account_id ELSE user_id END AS who,
             list(DISTINCT year(created_at AT TIME ZONE 'UTC') * 12 + month(created_at AT TIME ZONE 'UTC')) AS ms
      FROM generations
      WHERE model = 'author/slug'
      GROUP BY who
      HAVING who IS NOT NULL
    )
    GROUP BY 1
  )
  CROSS JOIN (
    -- the day after the log's last one lies in the month after the last complete one
    SELECT year(d) * 12 + month(d) - 1 AS fin
    FROM (SELECT max((created_at AT TIME ZONE 'UTC')::date) + 1 AS d FROM generations)
  )
)
ORDER BY 1, 2;
