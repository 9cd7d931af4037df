-- question: weekly_authors
-- dialect: clickhouse
WITH weekly AS (
    SELECT CAST(date_trunc('week', created_at, 'UTC') AS Date) AS week,
           substring(model, 1, position(model, '/') - 1) AS author,
           sum(coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0)) AS tokens
    FROM generations
    WHERE NOT coalesce(cancelled, false)
    GROUP BY week, author
),
totals AS (
    SELECT week, sum(tokens) AS all_tokens FROM weekly GROUP BY week
)
SELECT w.week AS week, w.author AS author, w.tokens / t.all_tokens AS share, w.tokens AS tokens
FROM weekly AS w
INNER JOIN totals AS t ON t.week = w.week
WHERE w.week > (SELECT min(week) FROM totals)
  AND w.week < (SELECT max(week) FROM totals)
ORDER BY week, author
