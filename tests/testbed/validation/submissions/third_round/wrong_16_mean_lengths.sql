-- question: mean_lengths
WITH best AS (
    SELECT generation_id, path
    FROM labels
    WHERE confidence >= 0.5
    QUALIFY ROW_NUMBER() OVER (PARTITION BY generation_id ORDER BY confidence DESC, path) = 1
),
carried AS (
    SELECT DISTINCT b.generation_id,
           COALESCE((SELECT t.category FROM taxonomy t
                     WHERE b.path = t.path OR starts_with(b.path, t.path || '/')
                     ORDER BY length(t.path) DESC LIMIT 1), 'other') AS category
    FROM best b
)
SELECT date_trunc('week', g.created_at AT TIME ZONE 'UTC')::DATE AS week,
       c.category,
       SUM(g.tokens_prompt) / COUNT(*) AS mean_prompt,
       SUM(g.tokens_completion) / COUNT(*) AS mean_completion
FROM carried c
JOIN generations g ON g.generation_id = c.generation_id
GROUP BY ALL
ORDER BY ALL
