-- question: retention_triangle
-- model: author/slug
-- dialect: postgres
with last_seen as (
    select (max(created_at) at time zone 'UTC')::date + 1 as first_day_after from generations
),
months as (
    select distinct
        coalesce(nullif(user_id, ''), nullif(account_id, '')) as person,
        date_trunc('month', created_at at time zone 'UTC')::date as m
    from generations
    where model = 'author/slug'
      and coalesce(nullif(user_id, ''), nullif(account_id, '')) is not null
),
joined as (
    select person, min(m) as cohort from months group by person
),
cohorts as (
    select cohort, count(*) as users from joined group by cohort
),
cells as (
    select c.cohort, c.users, g.k,
           (c.cohort + g.k * interval '1 month')::date as target
    from cohorts c
    cross join generate_series(0, 120) as g(k)
)
select
    cells.cohort,
    cells.k,
    cells.users,
    (select count(*) from months m join joined j on j.person = m.person
      where j.cohort = cells.cohort and m.m = cells.target) as active,
    (select count(*) from months m join joined j on j.person = m.person
      where j.cohort = cells.cohort and m.m = cells.target)::numeric / cells.users as retention
from cells
cross join last_seen
where (cells.target + interval '1 month')::date <= last_seen.first_day_after
order by 1, 2
