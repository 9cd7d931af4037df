# question: elasticity
import math
import sys
from collections import defaultdict

import pyarrow.parquet as pq

tab = pq.read_table(sys.argv[1] + "/log",
                    columns=["model", "byok", "variant", "tokens_prompt", "tokens_completion", "cost_total"])
cost, tokens = defaultdict(float), defaultdict(int)
for r in tab.to_pylist():
    if r["byok"] is not False or r["variant"] == "free":
        continue
    tokens[r["model"]] += (r["tokens_prompt"] or 0) + (r["tokens_completion"] or 0)
    cost[r["model"]] += r["cost_total"] or 0.0

pts = [(math.log10(cost[m] / tokens[m] * 1e6), math.log10(tokens[m]))
       for m in tokens if tokens[m] > 0 and cost[m] > 0]
n = len(pts)
slope = intercept = ""
if n >= 3 and max(x for x, _ in pts) > min(x for x, _ in pts):
    mx = math.fsum(x for x, _ in pts) / n
    my = math.fsum(y for _, y in pts) / n
    slope = math.fsum((x - mx) * (y - my) for x, y in pts) / math.fsum((x - mx) ** 2 for x, _ in pts)
    intercept = my - slope * mx
print("slope,models,intercept")
print(slope, n, intercept, sep=",")
