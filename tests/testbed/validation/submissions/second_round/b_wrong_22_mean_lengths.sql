-- question: mean_lengths
-- dialect: spark
-- spark.sql.session.timeZone = UTC
WITH hits AS (
  SELECT l.generation_id, l.path AS path, t.category AS cat,
         row_number() OVER (PARTITION BY l.generation_id, l.path ORDER BY length(t.path) DESC) AS rn
  FROM labels l
  LEFT JOIN taxonomy t ON l.path = t.path OR startswith(l.path, concat(t.path, '/'))
  WHERE l.confidence >= 0.5
),
tags AS (
  SELECT DISTINCT generation_id, coalesce(cat, 'other') AS category FROM hits WHERE rn = 1
),
daily AS (
  SELECT to_date(g.created_at) AS day,
         tags.category,
         avg(coalesce(g.tokens_prompt, 0)) AS p,
         avg(coalesce(g.tokens_completion, 0)) AS c
  FROM tags JOIN generations g ON g.generation_id = tags.generation_id
  GROUP BY to_date(g.created_at), tags.category
)
SELECT to_date(date_trunc('WEEK', day)) AS week,
       category,
       avg(p) AS mean_prompt,
       avg(c) AS mean_completion
FROM daily
GROUP BY to_date(date_trunc('WEEK', day)), category
ORDER BY week, category
