# question: cache_hit_rate
# A single pass over the rows with plain dictionaries.
import sys
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

MICROS_A_DAY = 24 * 60 * 60 * 1_000_000
cached_in = defaultdict(int)
prompt_in = defaultdict(int)

for part in sorted(Path(sys.argv[1]).glob("log/week=*/*.parquet")):
    source = pq.ParquetFile(part)
    for batch in source.iter_batches(columns=["created_at", "tokens_prompt", "tokens_cached"]):
        when = batch.column("created_at").cast(pa.timestamp("us", "UTC"), safe=False).cast(pa.int64())
        for us, prompt, cached in zip(
            when.to_pylist(),
            batch.column("tokens_prompt").to_pylist(),
            batch.column("tokens_cached").to_pylist(),
        ):
            if cached is None or cached != cached:   # unknown, which is not zero
                continue
            day_number = us // MICROS_A_DAY           # 0 is Thursday, 1 January 1970
            monday = day_number - (day_number + 3) % 7
            cached_in[monday] += cached
            prompt_in[monday] += prompt or 0

print("week,share")
for monday in sorted(prompt_in):
    if prompt_in[monday]:
        day = date(1970, 1, 1) + timedelta(days=monday)
        print(f"{day.isoformat()},{cached_in[monday] / prompt_in[monday]!r}")
