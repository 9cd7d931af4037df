-- question: category_share
WITH m AS (
  SELECT l.generation_id, l.path,
         coalesce(arg_max(t.category, length(t.path)), 'other') AS category
  FROM labels l LEFT JOIN taxonomy t ON starts_with(l.path, t.path)
  WHERE l.confidence >= 0.5
  GROUP BY 1, 2
), c AS (
  SELECT DISTINCT generation_id, category FROM m
), r AS (
  SELECT g.generation_id, CAST(date_trunc('week', g.created_at AT TIME ZONE 'UTC') AS DATE) AS week,
         coalesce(g.tokens_prompt, 0) + coalesce(g.tokens_completion, 0) AS tok
  FROM generations g WHERE g.generation_id IN (SELECT generation_id FROM c)
), w AS (
  SELECT week, sum(tok) AS total FROM r GROUP BY week
)
SELECT r.week, c.category, sum(r.tok) / nullif(max(w.total), 0) AS share
FROM r JOIN c USING (generation_id) JOIN w ON w.week = r.week
GROUP BY 1, 2 ORDER BY 1, 2;
