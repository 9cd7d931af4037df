-- question: effective_cost
FROM generations
SELECT
    model,
    sum(coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0)) AS charged_tokens,
    sum(cost_total)                                                  AS cost_usd,
    cost_usd / nullif(charged_tokens, 0) * 1e6                       AS cost_usd_per_mtok
WHERE NOT coalesce(byok, false)
  AND coalesce(variant, '') != 'free'
GROUP BY model
ORDER BY model;
