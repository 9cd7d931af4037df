-- question: programming_share
-- dialect: bigquery
WITH programming AS (
  SELECT DISTINCT l.generation_id
  FROM labels l
  JOIN taxonomy t
    ON l.path = t.path OR STARTS_WITH(l.path, CONCAT(t.path, '/'))
  WHERE l.confidence >= 0.5
    AND t.category = 'programming'
),
labelled AS (
  SELECT DISTINCT generation_id FROM labels WHERE confidence >= 0.5
)
SELECT
  DATE_TRUNC(DATE(g.created_at), WEEK(MONDAY)) AS week,
  SUM(IF(p.generation_id IS NOT NULL, g.tokens_prompt + g.tokens_completion, 0)) / SUM(g.tokens_prompt + g.tokens_completion) AS share
FROM generations g
JOIN labelled USING (generation_id)
LEFT JOIN programming p USING (generation_id)
GROUP BY 1
ORDER BY 1
