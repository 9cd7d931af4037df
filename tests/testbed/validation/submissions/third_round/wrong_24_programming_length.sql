-- question: programming_length
WITH req AS (
    SELECT generation_id,
           date_trunc('week', created_at AT TIME ZONE 'UTC')::DATE AS week,
           COALESCE(tokens_prompt, 0) + COALESCE(tokens_completion, 0) AS tokens
    FROM generations
),
categorised AS (
    SELECT l.generation_id,
           COALESCE((SELECT arg_max(t.category, length(t.path)) FROM taxonomy t
                     WHERE l.path = t.path OR starts_with(l.path, t.path || '/')), 'other') AS category
    FROM labels l
    WHERE l.confidence >= 0.5
),
programming AS (
    SELECT r.week, AVG(r.tokens) AS mean_programming
    FROM categorised c
    JOIN req r USING (generation_id)
    WHERE c.category = 'programming'
    GROUP BY r.week
),
everything AS (
    SELECT week, AVG(tokens) AS mean_all FROM req GROUP BY week
)
SELECT week, mean_programming / NULLIF(mean_all, 0) AS ratio, mean_programming, mean_all
FROM programming
JOIN everything USING (week)
ORDER BY week
