-- question: sessions
with weeks as (
    select distinct date_trunc('week', created_at at time zone 'UTC')::date as week
    from generations
),
session_rows as (
    select
        session_id,
        date_trunc('week', created_at at time zone 'UTC')::date as week,
        row_number() over (partition by session_id order by created_at) as rn
    from generations
    where nullif(session_id, '') is not null
)
select w.week, count(s.session_id) as sessions
from weeks w
left join session_rows s on s.week = w.week and s.rn = 1
group by w.week
order by w.week;
