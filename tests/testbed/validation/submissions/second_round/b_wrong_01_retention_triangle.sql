-- question: retention_triangle
-- model: author/slug
with use as (
    select distinct
        coalesce(nullif(user_id, ''), account_id) as usr,
        date_trunc('month', created_at at time zone 'UTC')::date as month
    from generations
    where model = 'author/slug'
),
log_end as (
    select (max(created_at) at time zone 'UTC')::date as last_day from generations
),
last_month as (
    select (date_trunc('month', last_day + 1) - interval 1 month)::date as m from log_end
),
firsts as (
    select usr, min(month) as cohort from use where usr is not null group by usr
),
sizes as (
    select cohort, count(*) as users from firsts group by cohort
),
cells as (
    select f.cohort,
           date_diff('month', f.cohort, u.month) as k,
           count(distinct f.usr) as active
    from firsts f
    join use u using (usr)
    where u.month <= (select m from last_month)
    group by 1, 2
)
select c.cohort, c.k, s.users, c.active, c.active / s.users::double as retention
from cells c
join sizes s using (cohort)
order by 1, 2;
