-- question: mean_retention_by_k
-- model: author/slug
-- dialect: postgres
with activity as (
    select distinct coalesce(nullif(user_id, ''), account_id) as person,
           date_trunc('month', created_at at time zone 'UTC')::date as month
    from generations
    where model = 'author/slug'
),
edge as (
    select date_trunc('month', (max(created_at) at time zone 'UTC')::date + 1)::date as open_month from generations
),
joined as (
    select person, min(month) as cohort from activity where person is not null group by person
),
cells as (
    select j.cohort, g.k, count(a.person) as active, count(*) as users
    from joined j
    cross join edge
    cross join generate_series(1, 60) as g(k)
    left join activity a on a.person = j.person and a.month = (j.cohort + g.k * interval '1 month')::date
    where (j.cohort + g.k * interval '1 month')::date < edge.open_month
    group by j.cohort, g.k
)
select k, avg(active / users) as retention
from cells
group by k
order by k
