-- question: retention_triangle_30_days
-- model: author/slug
-- dialect: postgres
with r as (
    select coalesce(nullif(user_id, ''), account_id) as person, created_at at time zone 'UTC' as ts
    from generations
    where model = 'author/slug'
),
f as (
    select person, min(ts) as t0, date_trunc('month', min(ts))::date as cohort
    from r where person is not null group by person
),
n as (select cohort, count(*) as users from f group by cohort),
e as (select (max(created_at) at time zone 'UTC')::date + 1 as day_after from generations)
select n.cohort, g.k, n.users,
       (select count(*) from f
         where f.cohort = n.cohort
           and exists (select 1 from r where r.person = f.person
                          and r.ts >= f.t0 + g.k * interval '30 days'
                          and r.ts < f.t0 + (g.k + 1) * interval '30 days')) as active,
       (select count(*) from f
         where f.cohort = n.cohort
           and exists (select 1 from r where r.person = f.person
                          and r.ts >= f.t0 + g.k * interval '30 days'
                          and r.ts < f.t0 + (g.k + 1) * interval '30 days'))::numeric / n.users as retention
from n
cross join e
cross join generate_series(0, 40) as g(k)
where n.cohort + (g.k + 1) * interval '30 days' <= e.day_after
order by 1, 2
