-- question: programming_length
WITH matched AS (
  SELECT l.generation_id, l.path AS own, t.category AS cat
  FROM labels l
  LEFT JOIN taxonomy t ON l.path = t.path OR starts_with(l.path, t.path || '/')
  WHERE l.confidence >= 0.5
  QUALIFY row_number() OVER (PARTITION BY l.generation_id, l.path ORDER BY length(t.path) DESC NULLS LAST) = 1
), r AS (
  SELECT date_trunc('week', created_at AT TIME ZONE 'UTC')::DATE AS week,
         coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0) AS tokens,
         generation_id IN (SELECT generation_id FROM matched WHERE cat = 'programming') AS prog,
         generation_id IN (SELECT generation_id FROM matched) AS labelled
  FROM generations
)
SELECT week,
       mean_programming / nullif(mean_all, 0) AS ratio,
       mean_programming, mean_all, mean_other
FROM (
  SELECT week,
         avg(tokens) FILTER (WHERE prog) AS mean_programming,
         avg(tokens) AS mean_all,
         avg(tokens) FILTER (WHERE labelled AND NOT prog) AS mean_other
  FROM r
  GROUP BY week
)
WHERE mean_programming IS NOT NULL
ORDER BY week
