-- question: reasoning_share
-- dialect: snowflake
SELECT DATE_TRUNC('week', CONVERT_TIMEZONE('UTC', g.created_at)::DATE) AS week,
       SUM(IFF(m.reasoning_optimised, ZEROIFNULL(g.tokens_prompt) + ZEROIFNULL(g.tokens_completion), 0))
         / NULLIF(SUM(ZEROIFNULL(g.tokens_prompt) + ZEROIFNULL(g.tokens_completion)), 0) AS share
FROM generations g
LEFT JOIN models m ON m.model = g.model
WHERE m.reasoning_optimised IS NOT NULL
GROUP BY 1
ORDER BY 1
