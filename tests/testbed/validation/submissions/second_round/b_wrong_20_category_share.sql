-- question: category_share
-- dialect: bigquery
WITH matched AS (
  SELECT
    l.generation_id,
    l.path AS label_path,
    t.category AS cat,
    ROW_NUMBER() OVER (PARTITION BY l.generation_id, l.path ORDER BY LENGTH(t.path) DESC) AS rn
  FROM labels AS l
  LEFT JOIN taxonomy AS t
    ON l.path = t.path OR STARTS_WITH(l.path, CONCAT(t.path, '/'))
),
tagged AS (
  SELECT DISTINCT generation_id, COALESCE(cat, 'other') AS category
  FROM matched
  WHERE rn = 1
),
weekly AS (
  SELECT
    DATE_TRUNC(DATE(g.created_at, 'UTC'), WEEK(MONDAY)) AS week,
    x.category,
    SUM(COALESCE(g.tokens_prompt, 0) + COALESCE(g.tokens_completion, 0)) AS tokens
  FROM tagged AS x
  JOIN generations AS g ON g.generation_id = x.generation_id
  GROUP BY 1, 2
)
SELECT
  week,
  category,
  tokens / SUM(tokens) OVER (PARTITION BY week) AS share,
  tokens
FROM weekly
ORDER BY week, category
