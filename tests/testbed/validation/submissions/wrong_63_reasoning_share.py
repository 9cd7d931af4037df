"""question: reasoning_share"""
import pyarrow as pa
import pyarrow.compute as pc


def reasoning(generations: pa.Table, models: pa.Table) -> pa.Table:
    at = generations["created_at"].cast(pa.timestamp("ms", tz="UTC")).cast(pa.timestamp("ms"))
    sunday = pc.add(pc.floor_temporal(at, unit="week", week_starts_monday=True), pa.scalar(6 * 86_400_000, pa.duration("ms")))
    tokens = pc.add(generations["tokens_prompt"].cast("int64"), generations["tokens_completion"].cast("int64"))
    t = pa.table({"model": generations["model"], "week": sunday.cast(pa.date32()), "tokens": tokens})
    t = t.join(models.select(["model", "reasoning_optimised"]), "model", join_type="inner")
    t = t.append_column("hit", pc.if_else(t["reasoning_optimised"], t["tokens"], 0))
    s = t.group_by("week").aggregate([("hit", "sum"), ("tokens", "sum")]).sort_by("week")
    return pa.table({"week": s["week"], "share": pc.divide(s["hit_sum"].cast("float64"), s["tokens_sum"].cast("float64"))})
