-- question: category_share
-- dialect: bigquery
WITH kept AS (
  SELECT DISTINCT generation_id, path AS label
  FROM labels
  WHERE confidence >= 0.5
),
hits AS (
  SELECT DISTINCT k.label, t.category
  FROM kept AS k
  CROSS JOIN taxonomy AS t
  WHERE k.label = t.path OR STARTS_WITH(k.label, CONCAT(t.path, '/'))
),
carried AS (
  SELECT DISTINCT k.generation_id, COALESCE(h.category, 'other') AS category
  FROM kept AS k
  LEFT JOIN hits AS h ON h.label = k.label
),
req AS (
  SELECT
    g.generation_id,
    DATE_TRUNC(DATE(g.created_at, 'UTC'), WEEK(MONDAY)) AS week,
    COALESCE(g.tokens_prompt, 0) + COALESCE(g.tokens_completion, 0) AS tok
  FROM generations AS g
  WHERE g.generation_id IN (SELECT generation_id FROM carried)
),
weekly AS (
  SELECT week, SUM(tok) AS labelled FROM req GROUP BY week
)
SELECT
  r.week,
  c.category,
  SAFE_DIVIDE(SUM(r.tok), w.labelled) AS share,
  SUM(r.tok) AS tokens
FROM req AS r
JOIN carried AS c ON c.generation_id = r.generation_id
JOIN weekly AS w ON w.week = r.week
GROUP BY r.week, c.category, w.labelled
ORDER BY r.week, c.category
