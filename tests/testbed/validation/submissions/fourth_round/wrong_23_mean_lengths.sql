-- question: mean_lengths
WITH lab AS (
  SELECT l.generation_id,
         coalesce(arg_max(t.category, length(t.path)), 'other') AS category
  FROM (SELECT *, row_number() OVER () AS label_no FROM labels) l
  LEFT JOIN taxonomy t
    ON t.path = l.path OR starts_with(l.path, concat(t.path, '/'))
  WHERE l.confidence >= 0.5 OR l.confidence IS NULL
  GROUP BY l.label_no, l.generation_id
)
SELECT date_trunc('week', g.created_at AT TIME ZONE 'UTC')::date AS week,
       lab.category,
       sum(coalesce(g.tokens_prompt, 0)) / count(*) AS mean_prompt,
       sum(coalesce(g.tokens_completion, 0)) / count(*) AS mean_completion
FROM generations g
INNER JOIN lab ON lab.generation_id = g.generation_id
GROUP BY 1, 2
ORDER BY 1, 2;
