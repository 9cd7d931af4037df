-- question: weekly_authors
-- dialect: clickhouse
SELECT
    week,
    author,
    tokens / nullIf(sum(tokens) OVER (), 0) AS share,
    tokens
FROM
(
    SELECT
        CAST(date_trunc('week', created_at, 'UTC') AS Date) AS week,
        substring(model, 1, position(model, '/') - 1) AS author,
        sum(coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0)) AS tokens
    FROM generations
    GROUP BY week, author
) AS t
ORDER BY week, author
