"""The mistakes that queries on such logs make, each with the line of advice that mends it.

A question names those that lie in its way. What each does to an answer is not told here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Trap:
    """A mistake by its name, and what mends it."""

    name: str
    advice: str


_ALL = (
    # time
    Trap("local time", "Take days, weeks and months in UTC: created_at AT TIME ZONE 'UTC', in any session's zone."),
    Trap("zone cast twice", "created_at has a zone: cast it once, AT TIME ZONE 'UTC'; a second cast moves it back."),
    Trap("Sunday weeks", "Weeks begin on Monday: date_trunc('week', ...) does so in DuckDB and PostgreSQL."),
    Trap("text dates", "Compare and subtract dates as dates: as text, 2025-10 comes before 2025-9."),
    Trap("month number without year", "Count months over the year's turn: 12 * (year - year) + (month - month)."),
    Trap("partial last month", "Leave out the month in which the log ends, unless it holds the month's last day."),
    # cohorts and retention
    Trap("month 0 counted", "Month 0 is 1 by definition: leave it out of every mean."),
    Trap("cohort by platform sign-up", "A cohort is the month of the first request to this model, not to any model."),
    Trap("on or after", "Active in month k means a request in that month, not in it or later."),
    Trap("30-day windows", "Months are calendar months in UTC, not windows of 30 days."),
    Trap("calendar months", "Windows of 30 days run from each user's own first request."),
    Trap("gaps allowed", "Who was silent for a month is out for good: each month up to k needs a request."),
    Trap("division by active users", "Divide by all users of the cohort, not by those active in a month."),
    Trap("rows for users", "Count users, not requests: count(DISTINCT ...)."),
    Trap("empty cells dropped", "A month in which nobody came back is a 0: begin from all months, then left join."),
    Trap("null users as one user", "A missing user_id is not one user: use coalesce(user_id, account_id)."),
    Trap("null users dropped", "Requests without a user_id are somebody's: use coalesce(user_id, account_id)."),
    Trap("aliases apart", "Group by model, the listed id, not by model_permaslug, the dated version behind it."),
    Trap("versions merged", "The listed id counts alone: a preview and its successor are two models."),
    # tokens, shares, means
    Trap("reasoning twice", "Tokens are tokens_prompt + tokens_completion: reasoning is inside the latter."),
    Trap("cached twice", "tokens_prompt holds the cached tokens already: do not add tokens_cached."),
    Trap("share of another total", "Divide by all tokens of the week, of every model and kind, unknown ones included."),
    Trap("requests for tokens", "Shares are of tokens, not of requests."),
    Trap("mean of ratios", "Divide the sums: a mean of each row's ratio weighs a small request like a large one."),
    Trap("mean over users", "A cohort counts once in this mean, whatever its size: average the shares."),
    Trap("integer division", "Cast before you divide: count / count is a whole number in some engines."),
    Trap("unknown models dropped", "Keep models without an entry: LEFT JOIN models, and call them unknown."),
    Trap("null regions dropped", "Requests without a continent are spend, too: call them unknown."),
    Trap("nulls as zero", "A missing number is not known: leave the request out of both sums."),
    # money
    Trap("list price", "Sum cost_total, what was charged: list prices know neither caches nor free variants."),
    Trap("latest price", "Sum cost_total: a price that holds today did not hold on every day of the log."),
    Trap("own keys in", "Leave out requests paid with the customer's own key: only byok = false counts."),
    Trap("free variants in", "Leave out the free variants (variant = 'free'): their tokens were not charged."),
    Trap("float money", "Sum money in double precision or decimals: single precision loses cents."),
    # labels
    Trap("low-confidence labels", "Labels count from a confidence of 0.5 on."),
    Trap("doubled labels", "A request counts once for each distinct category: SELECT DISTINCT before you sum."),
    Trap("sample for the whole", "Labels cover a sample: divide by the tokens of the labelled requests, not of all."),
    Trap("label tokens as total", "A request with two categories is one request: the total is over distinct requests."),
    Trap("path by its beginning", "The longest listed path decides: Machine Learning is no programming."),
    # rows
    Trap("duplicates kept", "Count each generation_id once."),
    Trap("retries dropped", "A retry is a request of its own, with its own id and tokens: keep it."),
    Trap("failed requests dropped", "All requests count, those that failed or were broken off, too."),
    Trap("sampling weights ignored", "A sampled log counts each row as often as its weight says."),
    Trap("limits and ties", "State the order to the end: equal ones by name, else the cut takes any."),
    Trap("window frames", "Give a window its whole partition: with ORDER BY its frame ends at the current row."),
)  # fmt: skip

TRAPS: dict[str, Trap] = {trap.name: trap for trap in _ALL}
"""All of them by name."""


def traps(*names: str) -> tuple[Trap, ...]:
    """The known traps of these names. KeyError for one that is not known."""
    return tuple(TRAPS[name] for name in names)


TIME = ("local time", "zone cast twice", "text dates")
WEEKS = (*TIME, "Sunday weeks")
MONTHS = (*TIME, "month number without year", "partial last month")
PEOPLE = ("rows for users", "null users as one user", "null users dropped")
TOKENS = ("reasoning twice", "cached twice", "failed requests dropped", "retries dropped", "duplicates kept")
LABELS = ("low-confidence labels", "doubled labels", "path by its beginning")
"""Names that come together."""
