-- question: mean_lengths
WITH candidates AS (
    SELECT l.generation_id, l.path AS label, t.path, t.category
    FROM labels l
    LEFT JOIN taxonomy t ON t.path = l.path OR l.path LIKE replace(replace(t.path, '%', '\%'), '_', '\_') || '/%' ESCAPE '\'
    WHERE l.confidence >= 0.5
),
request_categories AS (
    SELECT DISTINCT generation_id, COALESCE(arg_max(category, length(path)), 'other') AS category
    FROM candidates
    GROUP BY generation_id, label
),
daily AS (
    SELECT CAST(g.created_at AT TIME ZONE 'UTC' AS DATE) AS day,
           rc.category,
           AVG(g.tokens_prompt)     AS avg_prompt,
           AVG(g.tokens_completion) AS avg_completion
    FROM generations g
    JOIN request_categories rc USING (generation_id)
    GROUP BY ALL
)
SELECT CAST(date_trunc('week', day) AS DATE) AS week,
       category,
       AVG(avg_prompt)     AS mean_prompt,
       AVG(avg_completion) AS mean_completion
FROM daily
GROUP BY ALL
ORDER BY ALL;
