-- question: reasoning_share
-- dialect: snowflake
SELECT
    DATE_TRUNC('WEEK', CONVERT_TIMEZONE('UTC', g.created_at))::DATE AS week,
    SUM(IFF(r.model IS NULL, 0, g.tokens_prompt + g.tokens_completion))::FLOAT
        / SUM(g.tokens_prompt + g.tokens_completion) AS share
FROM generations g
LEFT JOIN (SELECT DISTINCT model FROM models WHERE reasoning_optimised) r ON r.model = g.model
GROUP BY 1
ORDER BY 1
