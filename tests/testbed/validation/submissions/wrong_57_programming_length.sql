-- question: programming_length
-- dialect: spark
WITH best AS (
  SELECT l.generation_id, coalesce(t.category, 'other') AS category,
         row_number() OVER (PARTITION BY l.generation_id, l.path ORDER BY length(t.path) DESC NULLS LAST) AS nth
  FROM labels l
  LEFT JOIN taxonomy t ON l.path = t.path OR startswith(l.path, concat(t.path, '/'))
  WHERE l.confidence >= 0.5
),
carried AS (
  SELECT generation_id, max(CASE WHEN category = 'programming' THEN 1 ELSE 0 END) AS is_prog
  FROM best
  WHERE nth = 1
  GROUP BY generation_id
)
SELECT CAST(date_trunc('WEEK', convert_timezone('UTC', g.created_at)) AS DATE) AS week,
       avg(CASE WHEN c.is_prog = 1 THEN g.tokens_prompt + g.tokens_completion END) AS mean_programming,
       avg(g.tokens_prompt + g.tokens_completion) AS mean_all,
       avg(CASE WHEN c.is_prog = 1 THEN g.tokens_prompt + g.tokens_completion END) / avg(g.tokens_prompt + g.tokens_completion) AS ratio
FROM generations g
JOIN carried c ON c.generation_id = g.generation_id
GROUP BY 1
HAVING max(c.is_prog) = 1
ORDER BY 1
