-- question: elasticity
-- dialect: postgres
with m as (
    select model, sum(tokens_prompt + tokens_completion) as tok, sum(cost_total) as usd
    from generations
    where byok = false and coalesce(variant, 'standard') <> 'free'
    group by model
)
select case when count(*) >= 3 then regr_slope(log(usd / tok * 1000000), log(tok)) end as slope, count(*) as models
from m
where tok > 0 and usd > 0
