-- question: programming_share
-- dialect: spark
WITH kept AS (
  SELECT l.generation_id, l.path AS label_path, l.confidence
  FROM labels l
  WHERE l.confidence >= 0.5 OR l.confidence IS NULL
),
best AS (
  SELECT generation_id, label_path
  FROM (
    SELECT generation_id, label_path,
           row_number() OVER (PARTITION BY generation_id ORDER BY confidence DESC, label_path) AS rn
    FROM kept
  ) ranked
  WHERE rn = 1
),
hits AS (
  SELECT b.generation_id, t.category,
         row_number() OVER (PARTITION BY b.generation_id, b.label_path ORDER BY length(t.path) DESC) AS depth
  FROM best b
  LEFT JOIN taxonomy t
    ON b.label_path = t.path OR startswith(b.label_path, concat(t.path, '/'))
),
flagged AS (
  SELECT generation_id,
         max(CASE WHEN category = 'programming' THEN 1 ELSE 0 END) AS is_prog
  FROM hits
  WHERE depth = 1
  GROUP BY generation_id
)
SELECT to_date(date_trunc('WEEK', convert_timezone('UTC', g.created_at))) AS week,
       sum(f.is_prog * (coalesce(g.tokens_prompt, 0) + coalesce(g.tokens_completion, 0)))
         / nullif(sum(coalesce(g.tokens_prompt, 0) + coalesce(g.tokens_completion, 0)), 0) AS share
FROM generations g
JOIN flagged f ON f.generation_id = g.generation_id
GROUP BY 1
ORDER BY 1;
