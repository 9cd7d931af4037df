-- question: effective_cost
-- dialect: postgres
select model,
       sum(tokens_prompt + tokens_completion) as charged_tokens,
       sum(cost_total) as cost_usd,
       sum(cost_total) / nullif(sum(tokens_prompt + tokens_completion), 0) * 1e6 as cost_usd_per_mtok
from generations
where byok is false
  and variant <> 'free'
group by model
order by model
