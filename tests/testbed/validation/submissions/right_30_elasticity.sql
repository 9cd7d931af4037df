-- question: elasticity
-- dialect: postgres
with per_model as (
    select model,
           sum(tokens_prompt + tokens_completion) as tok,
           sum(cost_total) as usd
    from generations
    where byok = false and coalesce(variant, '') <> 'free'
    group by model
),
points as (
    select log(usd / tok * 1000000) as x, log(tok) as y
    from per_model
    where tok > 0 and usd > 0
)
select case when count(*) >= 3 and max(x) - min(x) > 1e-9 then regr_slope(y, x) end as slope,
       count(*) as models
from points
