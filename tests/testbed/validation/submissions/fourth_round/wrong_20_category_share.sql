-- question: category_share
WITH mapped AS (
  SELECT DISTINCT l.generation_id,
         coalesce((SELECT t.category FROM taxonomy t
                   WHERE l.path = t.path OR starts_with(l.path, t.path || '/')
                   ORDER BY length(t.path) DESC LIMIT 1), 'other') AS category
  FROM labels l
  WHERE l.confidence >= 0.5 OR l.confidence IS NULL
),
j AS (
  SELECT date_trunc('week', g.created_at AT TIME ZONE 'UTC')::date AS week,
         m.category,
         coalesce(g.tokens_prompt, 0) + coalesce(g.tokens_completion, 0) AS tokens
  FROM generations g JOIN mapped m USING (generation_id)
)
SELECT week, category,
       sum(tokens) / nullif(sum(sum(tokens)) OVER (PARTITION BY week), 0) AS share
FROM j
GROUP BY week, category
ORDER BY week, category;
