-- question: category_share
with paths as (
    select p.path, coalesce(arg_max(t.category, length(t.path)), 'other') as cat
    from (select distinct path from labels) p
    left join taxonomy t on p.path = t.path or starts_with(p.path, t.path || '/')
    group by p.path
),
good as (
    select l.generation_id, paths.cat
    from labels l join paths on paths.path = l.path
    where l.confidence >= 0.5
),
req as (
    select generation_id,
           date_trunc('week', created_at at time zone 'UTC')::date as week,
           coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0) as tokens
    from generations
    where generation_id in (select generation_id from good)
),
total as (select week, sum(tokens) as tokens from req group by week)
select r.week, g.cat as category,
       sum(r.tokens) / total.tokens::double as share
from req r
join good g using (generation_id)
join total on total.week = r.week
group by r.week, g.cat, total.tokens
order by 1, 2;
