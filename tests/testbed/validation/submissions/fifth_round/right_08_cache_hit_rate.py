# question: cache_hit_rate
import sys
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

t = pq.read_table(sys.argv[1] + "/log", columns=["created_at", "tokens_prompt", "tokens_cached"])
known = t.filter(pc.is_valid(t["tokens_cached"]))
utc = known["created_at"].cast(pa.timestamp("us", tz="UTC"))
week = pc.floor_temporal(utc, 1, "week", week_starts_monday=True).cast(pa.timestamp("us")).cast(pa.date32(), safe=False)
sums = known.append_column("week", week).group_by("week").aggregate([("tokens_cached", "sum"), ("tokens_prompt", "sum")])
print("week,share")
for r in sorted(sums.to_pylist(), key=lambda r: r["week"]):
    if r["tokens_prompt_sum"]:
        print(f"{r['week']},{r['tokens_cached_sum'] / r['tokens_prompt_sum']!r}")
