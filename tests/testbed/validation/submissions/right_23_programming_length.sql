-- question: programming_length
WITH hits AS (
    SELECT l.generation_id, l.path, t.category,
           row_number() OVER (PARTITION BY l.generation_id, l.path ORDER BY length(t.path) DESC) AS nth
    FROM labels AS l
    JOIN taxonomy AS t ON l.path = t.path OR starts_with(l.path, t.path || '/')
    WHERE l.confidence >= 0.5
),
programming AS (
    SELECT DISTINCT generation_id FROM hits WHERE nth = 1 AND category = 'programming'
),
sized AS (
    SELECT date_trunc('week', created_at AT TIME ZONE 'UTC')::DATE AS monday,
           tokens_prompt + tokens_completion AS n,
           generation_id IN (SELECT generation_id FROM programming) AS is_programming
    FROM generations
)
SELECT monday AS week,
       avg(n) FILTER (WHERE is_programming) AS mean_programming,
       avg(n) AS mean_all,
       avg(n) FILTER (WHERE is_programming) / avg(n) AS ratio
FROM sized
GROUP BY monday
HAVING count(*) FILTER (WHERE is_programming) > 0
ORDER BY monday
