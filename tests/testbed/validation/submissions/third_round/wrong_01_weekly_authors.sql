-- question: weekly_authors
WITH by_author AS (
    SELECT date_trunc('week', created_at AT TIME ZONE 'UTC')::DATE AS week,
           split_part(model, '/', 1) AS author,
           SUM(COALESCE(tokens_prompt, 0) + COALESCE(tokens_completion, 0)) AS tokens
    FROM generations
    GROUP BY ALL
)
SELECT week,
       author,
       tokens,
       tokens / NULLIF(SUM(tokens) OVER (PARTITION BY week ORDER BY author), 0) AS share
FROM by_author
ORDER BY week, author
