"""question: cache_hit_rate"""
import pyarrow as pa
import pyarrow.compute as pc


def cache_hit_rate(generations: pa.Table) -> pa.Table:
    known = generations.filter(pc.is_valid(generations["tokens_cached"]))
    # timestamps of the log are instants in UTC; floor_temporal on a zoned type floors in its own zone, which is UTC
    at = known["created_at"].cast(pa.timestamp("ms", tz="UTC")).cast(pa.timestamp("ms"))
    week = pc.floor_temporal(at, unit="week", week_starts_monday=True).cast(pa.date32())
    sums = (
        pa.table({"week": week, "cached": known["tokens_cached"].cast("int64"), "prompt": known["tokens_prompt"].cast("int64")})
        .group_by("week")
        .aggregate([("cached", "sum"), ("prompt", "sum")])
        .sort_by("week")
    )
    share = pc.divide(sums["cached_sum"].cast("float64"), sums["prompt_sum"].cast("float64"))
    return pa.table({"week": sums["week"], "share": share})
