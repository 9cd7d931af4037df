-- question: retention_triangle
-- model: author/slug
-- dialect: postgres
with r as (
    select coalesce(nullif(user_id, ''), account_id) as person,
           created_at at time zone 'UTC' as ts
    from generations
    where model = 'author/slug'
),
f as (
    select person, min(ts) as first_ts, date_trunc('month', min(ts))::date as cohort
    from r
    where person is not null
    group by person
),
sizes as (
    select cohort, count(*) as users from f group by cohort
),
seen as (
    select f.cohort,
           (extract(year from age(r.ts, f.first_ts)) * 12 + extract(month from age(r.ts, f.first_ts)))::int as k,
           count(distinct r.person) as active
    from r join f on f.person = r.person
    group by 1, 2
),
edge as (
    select (max(created_at) at time zone 'UTC')::date + 1 as day_after from generations
)
select s.cohort, g.k, s.users, coalesce(seen.active, 0) as active, coalesce(seen.active, 0)::numeric / s.users as retention
from sizes s
cross join edge
cross join generate_series(0, 120) as g(k)
left join seen on seen.cohort = s.cohort and seen.k = g.k
where (s.cohort + (g.k + 1) * interval '1 month')::date <= edge.day_after
order by 1, 2
