# question: sessions_by_pause
from collections import Counter
from datetime import timedelta, timezone
import pandas as pd
import pyarrow as pa


def answer(generations: pd.DataFrame) -> pd.DataFrame:
    t = pa.Table.from_pandas(generations[["created_at", "user_id", "account_id"]], preserve_index=False)
    times = {}
    for row in t.to_pylist():
        who = row["user_id"] or row["account_id"]
        if not who:
            continue
        ts = row["created_at"]
        ts = ts.replace(tzinfo=timezone.utc) if ts.tzinfo is None else ts.astimezone(timezone.utc)
        times.setdefault(who, []).append(ts)

    sessions = Counter()
    for stamps in times.values():
        prev = None
        for ts in sorted(stamps):
            if prev is None or ts - prev > timedelta(minutes=30):
                sessions[ts.date() - timedelta(days=ts.weekday())] += 1
            prev = ts

    return pd.DataFrame([(week, sessions[week]) for week in sorted(sessions)], columns=["week", "sessions"])
