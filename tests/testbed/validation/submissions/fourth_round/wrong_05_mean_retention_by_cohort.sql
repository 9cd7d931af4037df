-- question: mean_retention_by_cohort
-- model: author/slug
-- dialect: snowflake
with log_end as (
    select dateadd(month, -1,
             date_trunc('month',
               dateadd(day, 1, to_date(convert_timezone('UTC', max(created_at)))))) as last_month
    from generations
),
monthly as (
    select distinct
        coalesce(nullif(user_id, ''), account_id)                            as usr,
        to_date(date_trunc('month', convert_timezone('UTC', created_at)))    as mon
    from generations
    where model = 'author/slug'
      and coalesce(nullif(user_id, ''), account_id) is not null
),
tagged as (
    select usr, mon, min(mon) over (partition by usr) as cohort
    from monthly
),
sizes as (
    select cohort, count(distinct usr) as users
    from tagged
    group by cohort
),
cells as (
    select t.cohort, t.mon, count(*) as active
    from tagged t
    cross join log_end e
    where t.mon <= e.last_month
      and t.mon > t.cohort
    group by t.cohort, t.mon
)
select
    s.cohort                                as cohort,
    coalesce(avg(c.active / s.users), 0)    as retention
from sizes s
cross join log_end e
left join cells c on c.cohort = s.cohort
where s.cohort < e.last_month
group by s.cohort
order by s.cohort;
