-- question: launch_contrast
-- model: author/slug
with log as (
    select (min(created_at) at time zone 'UTC')::date as first_day,
           (max(created_at) at time zone 'UTC')::date as last_day
    from generations
),
lim as (
    select first_day, (date_trunc('month', last_day + 1) - interval 1 month)::date as last_month from log
),
act as (
    select distinct coalesce(nullif(user_id, ''), account_id) as u,
           date_trunc('month', created_at at time zone 'UTC')::date as month
    from generations
    where model = 'author/slug'
),
born as (select u, min(month) as cohort from act where u is not null group by u),
launch as (
    select min(b.cohort) as month
    from models m
    cross join lim
    join born b on b.cohort >= date_trunc('month', m.released)
    where m.model = 'author/slug' and m.released::date >= lim.first_day
),
cells as (
    select c.cohort, c.users, r.k
    from (select cohort, count(*) as users from born group by cohort) c
    cross join lim
    cross join unnest([3, 4, 5]) as r(k)
    where c.cohort + to_months(r.k::int) <= lim.last_month
),
tri as (
    select cells.cohort, cells.k, count(act.u) / cells.users::double as retention
    from cells
    join born on born.cohort = cells.cohort
    left join act on act.u = born.u and act.month = cells.cohort + to_months(cells.k::int)
    group by cells.cohort, cells.k, cells.users
)
select l.k,
       l.retention as launch,
       avg(o.retention) as later,
       l.retention - avg(o.retention) as difference
from tri l
join launch on l.cohort = launch.month
left join tri o on o.k = l.k and o.cohort > launch.month
group by l.k, l.retention
order by l.k;
