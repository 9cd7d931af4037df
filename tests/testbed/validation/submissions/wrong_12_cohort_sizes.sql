-- question: cohort_sizes
-- dialect: postgres
with firsts as (
    select distinct on (coalesce(nullif(user_id, ''), account_id))
           coalesce(nullif(user_id, ''), account_id) as person,
           model,
           created_at at time zone 'UTC' as ts
    from generations
    where coalesce(nullif(user_id, ''), account_id) is not null
    order by coalesce(nullif(user_id, ''), account_id), created_at
)
select model, date_trunc('month', ts)::date as cohort, count(*) as users
from firsts
group by 1, 2
order by 1, 2
