-- question: category_share
with path_category as (
    select distinct on (p.path) p.path, coalesce(t.category, 'other') as category
    from (select distinct path from labels) as p
    left join taxonomy t on p.path = t.path or p.path[1 : length(t.path) + 1] = t.path || '/'
    order by p.path, length(t.path) desc nulls last
),
carried as (
    select distinct l.generation_id, pc.category
    from labels l
    join path_category pc on pc.path = l.path
    where l.confidence >= 0.5
),
labelled as (
    select g.generation_id,
           date_trunc('week', timezone('UTC', g.created_at))::date as week,
           coalesce(g.tokens_prompt, 0) + coalesce(g.tokens_completion, 0) as tok
    from generations g
    semi join carried c on c.generation_id = g.generation_id
),
denominator as (
    select week, sum(tok) as tok from labelled group by week
)
select l.week, c.category,
       sum(l.tok)::double / nullif(d.tok, 0) as share,
       sum(l.tok) as tokens
from labelled l
join carried c using (generation_id)
join denominator d on d.week = l.week
group by l.week, c.category, d.tok
order by l.week, share desc;
