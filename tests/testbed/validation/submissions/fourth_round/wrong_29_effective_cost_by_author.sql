-- question: effective_cost_by_author
-- dialect: snowflake
with per_model as (
    select
        model,
        split_part(model, '/', 1)                                              as author,
        sum(coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0))       as charged_tokens,
        sum(cost_total)                                                        as cost_usd
    from generations
    where byok = false
      and coalesce(variant, '') <> 'free'
    group by model
)
select
    author,
    sum(charged_tokens)                                     as charged_tokens,
    sum(cost_usd)                                           as cost_usd,
    avg(cost_usd / nullif(charged_tokens, 0)) * 1000000     as cost_usd_per_mtok
from per_model
group by author
order by author;
