-- question: effective_cost_by_author
-- dialect: postgres
SELECT author, charged_tokens, cost_usd,
       cost_usd / nullif(charged_tokens, 0) * 1000000 AS cost_usd_per_mtok
FROM (
  SELECT split_part(model, '/', 1) AS author,
         sum(coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0)) AS charged_tokens,
         sum(cost_total) AS cost_usd
  FROM generations
  WHERE byok IS FALSE AND coalesce(variant, '') <> 'free'
  GROUP BY split_part(model, '/', 1)
) a
ORDER BY author;
