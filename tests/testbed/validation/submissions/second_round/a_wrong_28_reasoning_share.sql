-- question: reasoning_share
-- dialect: snowflake
SELECT
    DATE_TRUNC('week', CONVERT_TIMEZONE('UTC', g.created_at))::DATE AS week,
    SUM(IFF(m.reasoning_optimised, g.tokens_prompt + g.tokens_completion, 0))::FLOAT
        / NULLIF(SUM(g.tokens_prompt + g.tokens_completion), 0)     AS share
FROM generations g
LEFT JOIN models m
    ON m.model = g.model
WHERE m.reasoning_optimised IS NOT NULL
GROUP BY 1
ORDER BY 1;
