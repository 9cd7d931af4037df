-- question: category_share
WITH tagged AS (
  SELECT DISTINCT l.generation_id,
         coalesce((SELECT arg_max(t.category, length(t.path))
                   FROM taxonomy t
                   WHERE l.path = t.path OR starts_with(l.path, t.path || '/')), 'other') AS cat
  FROM labels l
), w AS (
  SELECT CAST(date_trunc('week', g.created_at AT TIME ZONE 'UTC') AS DATE) AS week,
         x.cat,
         sum(coalesce(g.tokens_prompt, 0) + coalesce(g.tokens_completion, 0)) AS tokens
  FROM generations g
  JOIN tagged x ON x.generation_id = g.generation_id
  GROUP BY 1, 2
)
SELECT week, cat AS category,
       tokens / nullif(CAST(sum(tokens) OVER (PARTITION BY week) AS DOUBLE), 0) AS share,
       tokens
FROM w
ORDER BY week, category
