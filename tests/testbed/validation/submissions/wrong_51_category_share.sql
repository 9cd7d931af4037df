-- question: category_share
-- dialect: snowflake
WITH cat AS (
    SELECT l.generation_id, l.path, t.category
    FROM labels l
    LEFT JOIN taxonomy t ON l.path = t.path OR STARTSWITH(l.path, t.path || '/')
    WHERE l.confidence >= 0.5
    QUALIFY ROW_NUMBER() OVER (PARTITION BY l.generation_id, l.path ORDER BY LENGTH(t.path) DESC NULLS LAST) = 1
),
carried AS (
    SELECT DISTINCT generation_id, NVL(category, 'other') AS category FROM cat
),
req AS (
    SELECT generation_id, DATE_TRUNC('WEEK', CONVERT_TIMEZONE('UTC', created_at))::DATE AS wk, tokens_prompt + tokens_completion AS tok
    FROM generations
),
total AS (
    SELECT wk, SUM(tok) AS tok FROM req GROUP BY wk
)
SELECT r.wk AS week, c.category, SUM(r.tok) AS tokens, SUM(r.tok)::FLOAT / MAX(total.tok) AS share
FROM req r
JOIN carried c ON c.generation_id = r.generation_id
JOIN total ON total.wk = r.wk
GROUP BY 1, 2
ORDER BY 1, 2
