-- question: weekly_authors
-- dialect: postgres
select a.wk as week, a.author, a.tokens, a.tokens::numeric / w.tokens as share
from (
    select date_trunc('week', created_at at time zone 'UTC')::date as wk,
           split_part(model, '/', 1) as author,
           sum(tokens_prompt::bigint + tokens_completion) as tokens
    from generations
    group by 1, 2
) a
join (
    select date_trunc('week', created_at at time zone 'UTC')::date as wk,
           sum(tokens_prompt::bigint + tokens_completion) as tokens
    from generations
    group by 1
) w on w.wk = a.wk
order by 1, 2
