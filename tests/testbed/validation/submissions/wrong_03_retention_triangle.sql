-- question: retention_triangle
-- model: author/slug
WITH m AS (
    SELECT DISTINCT coalesce(nullif(user_id, ''), account_id) AS who,
           date_trunc('month', created_at AT TIME ZONE 'UTC')::DATE AS month
    FROM generations
    WHERE model = 'author/slug'
),
f AS (
    SELECT who, min(month) AS cohort, count(*) OVER (PARTITION BY min(month)) AS users
    FROM m WHERE who IS NOT NULL
    GROUP BY who
)
SELECT f.cohort,
       date_diff('month', f.cohort, m.month) AS k,
       any_value(f.users) AS users,
       count(*) AS active,
       count(*) / any_value(f.users) AS retention
FROM f JOIN m ON m.who = f.who
WHERE m.month + INTERVAL 1 MONTH <= (SELECT (max(created_at) AT TIME ZONE 'UTC')::DATE + 1 FROM generations)
GROUP BY 1, 2
ORDER BY 1, 2
