-- question: elasticity
with points as (
    select model,
           log10(sum(cost_total) / sum(coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0)) * 1e6) as price,
           log10(sum(coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0))) as volume
    from generations
    where byok = false and variant is distinct from 'free' and model is not null
    group by model
    having sum(coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0)) > 0 and sum(cost_total) > 0
)
select case when count(*) >= 3 and min(price) < max(price)
            then regr_slope(price, volume) end as slope,
       count(*) as models
from points;
