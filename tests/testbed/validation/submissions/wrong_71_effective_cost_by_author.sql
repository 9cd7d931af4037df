-- question: effective_cost_by_author
SELECT m.author,
       sum(g.tokens_prompt + g.tokens_completion - coalesce(g.tokens_cached, 0)) AS charged_tokens,
       sum(g.cost_total) AS cost_usd,
       sum(g.cost_total) / sum(g.tokens_prompt + g.tokens_completion - coalesce(g.tokens_cached, 0)) * 1e6 AS cost_usd_per_mtok
FROM generations g JOIN models m USING (model)
WHERE g.byok = false AND g.variant IS DISTINCT FROM 'free'
GROUP BY m.author
ORDER BY 1
