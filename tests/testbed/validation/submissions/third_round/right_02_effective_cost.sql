-- question: effective_cost
-- dialect: postgres
SELECT model,
       charged_tokens,
       cost_usd,
       1e6 * cost_usd / NULLIF(charged_tokens, 0) AS cost_usd_per_mtok
FROM (
    SELECT model,
           SUM(COALESCE(tokens_prompt, 0)) FILTER (WHERE charged)
             + SUM(COALESCE(tokens_completion, 0)) FILTER (WHERE charged) AS charged_tokens,
           SUM(cost_total) FILTER (WHERE charged) AS cost_usd,
           COUNT(*) FILTER (WHERE charged) AS n
    FROM (
        SELECT *, (byok IS FALSE AND variant IS DISTINCT FROM 'free') AS charged
        FROM generations
    ) flagged
    GROUP BY model
) summed
WHERE n > 0
ORDER BY model
