-- question: programming_share
WITH mapped AS (
    SELECT l.generation_id,
           COALESCE((SELECT t.category
                     FROM taxonomy t
                     WHERE l.path = t.path OR starts_with(l.path, t.path || '/')
                     ORDER BY length(t.path) DESC
                     LIMIT 1), 'other') AS category
    FROM labels l
    WHERE l.confidence > 0.5
),
flagged AS (
    SELECT generation_id, bool_or(category = 'programming') AS is_programming
    FROM mapped
    WHERE category <> 'other'
    GROUP BY generation_id
)
SELECT CAST(date_trunc('week', g.created_at AT TIME ZONE 'UTC') AS DATE) AS week,
       SUM(CASE WHEN f.is_programming THEN g.tokens_prompt + g.tokens_completion ELSE 0 END)
         / SUM(g.tokens_prompt + g.tokens_completion) AS share
FROM generations g
JOIN flagged f ON f.generation_id = g.generation_id
GROUP BY 1
ORDER BY 1;
