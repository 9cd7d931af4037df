-- question: category_share
WITH mapped AS (
    SELECT p.path, COALESCE(arg_max(t.category, length(t.path)), 'other') AS category
    FROM (SELECT DISTINCT path FROM labels WHERE confidence >= 0.5) p
    LEFT JOIN taxonomy t ON p.path = t.path OR starts_with(p.path, t.path || '/')
    GROUP BY p.path
),
labelled AS (
    SELECT date_trunc('week', g.created_at AT TIME ZONE 'UTC')::DATE AS week,
           m.category,
           COALESCE(g.tokens_prompt, 0) + COALESCE(g.tokens_completion, 0) AS tokens
    FROM generations g
    JOIN labels l ON l.generation_id = g.generation_id AND l.confidence >= 0.5
    JOIN mapped m ON m.path = l.path
),
-- a request can have several labels: DISTINCT keeps its tokens from being counted twice
total AS (
    SELECT week, SUM(DISTINCT tokens) AS tokens FROM labelled GROUP BY week
),
per_category AS (
    SELECT week, category, SUM(DISTINCT tokens) AS tokens FROM labelled GROUP BY week, category
)
SELECT c.week, c.category, c.tokens / NULLIF(t.tokens, 0) AS share, c.tokens
FROM per_category c
JOIN total t USING (week)
ORDER BY 1, 2
