-- question: weekly_authors
-- dialect: clickhouse
SELECT
    CAST(toMonday(created_at, 'UTC') AS Date) AS week,
    splitByChar('/', model)[1] AS author,
    sum(tokens_prompt + tokens_completion) AS tokens,
    count(*) / sum(count(*)) OVER (PARTITION BY CAST(toMonday(created_at, 'UTC') AS Date)) AS share
FROM generations
GROUP BY 1, 2
ORDER BY 1, 2
