-- question: effective_cost
with charged as (
    select model,
           coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0) as tokens,
           cost_total
    from generations
    where byok is not true
      and variant <> 'free'
      and model is not null
)
select model,
       sum(tokens) as charged_tokens,
       sum(cost_total) as cost_usd,
       sum(cost_total) / nullif(sum(tokens), 0) * 1e6 as cost_usd_per_mtok
from charged
group by model
order by cost_usd desc;
