-- question: weekly_openness
-- dialect: postgres
with x as (
    select date_trunc('week', g.created_at at time zone 'UTC')::date as wk,
           case when m.open_weights then case m.origin when 'CN' then 'cn-open' else 'row-open' end
                else case m.origin when 'CN' then 'cn-closed' else 'closed' end end as source_type,
           g.tokens_prompt + g.tokens_completion as tok
    from generations g
    join models m using (model)
)
select wk as week, source_type, sum(tok) as tokens, sum(tok)::numeric / sum(sum(tok)) over (partition by wk) as share
from x
group by wk, source_type
order by 1, 2
