"""Analysis of an LLM gateway's request log: from a log to tables, figures and a report.

Runs on any log that conforms to `analysis.contract`; knows nothing of simulators. Modules load on first use, so that
`import analysis.contract` costs no more than pyarrow.
"""

from __future__ import annotations
