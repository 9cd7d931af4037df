-- question: category_share
WITH sure AS (
    SELECT DISTINCT generation_id, path FROM labels WHERE confidence >= 0.5
),
paths AS (
    SELECT p.path, coalesce(arg_max(t.category, length(t.path)), 'other') AS category
    FROM (SELECT DISTINCT path FROM sure) AS p
    LEFT JOIN taxonomy AS t ON p.path = t.path OR starts_with(p.path, t.path || '/')
    GROUP BY p.path
),
carried AS (
    SELECT DISTINCT s.generation_id, p.category FROM sure AS s JOIN paths AS p USING (path)
),
req AS (
    SELECT generation_id, date_trunc('week', created_at AT TIME ZONE 'UTC')::DATE AS monday,
           tokens_prompt::BIGINT + tokens_completion AS tokens
    FROM generations
    WHERE generation_id IN (SELECT generation_id FROM carried)
),
whole AS (SELECT monday, sum(tokens) AS tokens FROM req GROUP BY monday)
SELECT r.monday AS week, c.category, sum(r.tokens) AS tokens, sum(r.tokens) / any_value(w.tokens) AS share
FROM req AS r
JOIN carried AS c USING (generation_id)
JOIN whole AS w ON w.monday = r.monday
GROUP BY r.monday, c.category
ORDER BY 1, 2
