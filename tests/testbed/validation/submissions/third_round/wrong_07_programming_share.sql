-- question: programming_share
WITH paths AS (
    SELECT DISTINCT path FROM labels WHERE confidence >= 0.5
),
mapped AS (
    SELECT p.path, arg_max(t.category, length(t.path)) AS category
    FROM paths p
    JOIN taxonomy t ON p.path = t.path OR starts_with(p.path, t.path || '/')
    GROUP BY p.path
),
flags AS (
    SELECT l.generation_id, bool_or(m.category = 'programming') AS programming
    FROM labels l
    JOIN mapped m ON m.path = l.path
    WHERE l.confidence >= 0.5
    GROUP BY l.generation_id
)
SELECT date_trunc('week', g.created_at AT TIME ZONE 'UTC')::DATE AS week,
       COALESCE(SUM(COALESCE(g.tokens_prompt, 0) + COALESCE(g.tokens_completion, 0)) FILTER (WHERE f.programming), 0)
         / NULLIF(SUM(COALESCE(g.tokens_prompt, 0) + COALESCE(g.tokens_completion, 0)), 0) AS share
FROM generations g
JOIN flags f USING (generation_id)
GROUP BY 1
ORDER BY 1
