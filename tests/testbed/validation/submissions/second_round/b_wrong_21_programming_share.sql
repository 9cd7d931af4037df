-- question: programming_share
WITH ranked AS (
  SELECT l.generation_id, t.category,
         row_number() OVER (PARTITION BY l.generation_id, l.path ORDER BY length(t.path) DESC) AS rn
  FROM labels l
  JOIN taxonomy t ON l.path = t.path OR l.path LIKE t.path || '/%'
  WHERE l.confidence >= 0.5
),
flags AS (
  SELECT generation_id, bool_or(category = 'programming') AS prog
  FROM ranked
  WHERE rn = 1
  GROUP BY generation_id
)
SELECT date_trunc('week', g.created_at AT TIME ZONE 'UTC')::date AS week,
       sum(CASE WHEN f.prog THEN coalesce(g.tokens_prompt, 0) + coalesce(g.tokens_completion, 0) ELSE 0 END)::double
         / nullif(sum(coalesce(g.tokens_prompt, 0) + coalesce(g.tokens_completion, 0)), 0) AS share
FROM generations g
JOIN flags f ON f.generation_id = g.generation_id
GROUP BY 1
ORDER BY 1;
