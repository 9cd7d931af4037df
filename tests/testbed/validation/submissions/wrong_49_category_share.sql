-- question: category_share
-- dialect: postgres
with lab as (
    select l.generation_id,
           coalesce((select t.category from taxonomy t
                      where l.path = t.path or starts_with(l.path, t.path || '/')
                      order by length(t.path) desc limit 1), 'other') as category
    from labels l
    where l.confidence >= 0.5
),
whole as (
    select date_trunc('week', g.created_at at time zone 'UTC')::date as wk, sum(g.tokens_prompt + g.tokens_completion) as tok
    from generations g
    where exists (select 1 from lab where lab.generation_id = g.generation_id)
    group by 1
),
part as (
    select date_trunc('week', g.created_at at time zone 'UTC')::date as wk, lab.category, sum(g.tokens_prompt + g.tokens_completion) as tok
    from generations g
    join lab on lab.generation_id = g.generation_id
    group by 1, 2
)
select part.wk as week, part.category, part.tok as tokens, part.tok::numeric / whole.tok as share
from part join whole on whole.wk = part.wk
order by 1, 2
