# question: effective_cost
"""pyarrow alone: mask, group, divide."""
import sys

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

t = pq.read_table(
    f"{sys.argv[1]}/log",
    columns=["model", "variant", "byok", "tokens_prompt", "tokens_completion", "cost_total"],
)
own_money = pc.fill_null(pc.invert(t["byok"]), False)            # byok false; missing is out
not_free = pc.fill_null(pc.not_equal(t["variant"], "free"), True)  # no variant is not the free one
t = t.filter(pc.and_(own_money, not_free))

tokens = pc.add(
    pc.fill_null(t["tokens_prompt"].cast(pa.int64()), 0),
    pc.fill_null(t["tokens_completion"].cast(pa.int64()), 0),
)
s = (
    t.append_column("tok", tokens)
    .group_by("model")
    .aggregate([("tok", "sum"), ("cost_total", "sum")])
    .sort_by("model")
)
tok, usd = s["tok_sum"], s["cost_total_sum"].cast(pa.float64())
per_mtok = pc.if_else(
    pc.equal(tok, 0),
    pa.scalar(None, pa.float64()),
    pc.multiply(pc.divide(usd, pc.cast(tok, pa.float64())), 1e6),
)
out = pa.table(
    {"model": s["model"], "charged_tokens": tok, "cost_usd": usd, "cost_usd_per_mtok": per_mtok}
)
pyarrow.csv.write_csv(out, sys.stdout.buffer)
