-- question: reasoning_share
-- dialect: clickhouse
SELECT
    CAST(toMonday(g.created_at, 'UTC') AS Date) AS week,
    sum(if(m.reasoning_optimised, g.tokens_reasoning, 0)) / sum(g.tokens_prompt + g.tokens_completion) AS share
FROM generations AS g
LEFT JOIN models AS m ON m.model = g.model
GROUP BY 1
ORDER BY 1
