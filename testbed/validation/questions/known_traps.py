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
    Trap("weeks end on Monday", "W-MON of pandas ends a week on Monday: W-SUN begins it there, as does date_trunc."),
    Trap("text dates", "Compare and subtract dates as dates: as text, 2025-10 comes before 2025-9."),
    Trap("year of the week", "The week of a year's turn is one: date_trunc, or the ISO year with the ISO week."),
    Trap("edge weeks dropped", "The first and the last week of the log count, whole or not."),
    Trap("empty weeks as rows", "One row a week with requests: resample, or a calendar of all weeks, adds others."),
    Trap("months named by their end", "A month is named by its first day: date_trunc('month', ...), not last_day."),
    Trap("month number without year", "Count months over the year's turn: 12 * (year - year) + (month - month)."),
    Trap("partial last month", "Leave out the month in which the log ends, unless it holds the month's last day."),
    Trap("whole last month dropped", "The month in which the log ends counts if its last day has requests."),
    Trap("end of the model's own use", "The log ends with its last request to any model, not to this one."),
    Trap("last day cut off", "BETWEEN two days ends at the last one's midnight: use >= the first and < the day after."),
    # cohorts and retention
    Trap("month 0 counted", "Month 0 is 1 by definition: leave it out of every mean."),
    Trap("cohort by platform sign-up", "A cohort is the month of the first request to this model, not to any model."),
    Trap("active with any model", "Active means a request to this model, not to any: filter both sides of the join."),
    Trap("active users for new ones", "A cohort counts who began in the month, not all who were active in it."),
    Trap("on or after", "Active in month k means a request in that month, not in it or later."),
    Trap("30-day windows", "Months are calendar months in UTC, not windows of 30 days."),
    Trap("calendar months", "Windows of 30 days run from each user's own first request."),
    Trap("later months alone", "The k-th month counts, too: >= k, not > k."),
    Trap("dates for moments", "A window is 30 times 24 hours: subtract moments, not dates."),
    Trap("windows of the cohort", "Windows run from each user's own first request, not from the month's first day."),
    Trap("windows of another length", "A window is 30 times 24 hours."),
    Trap("windows rounded", "A window is numbered by the floor: a cast to a whole number rounds in some engines."),
    Trap("windows that are not over", "Show a window once it is over for who came on the month's last day."),
    Trap("gaps allowed", "Who was silent for a month is out for good: each month up to k needs a request."),
    Trap("gaps forbidden", "Gaps are allowed: k asks for a request in month k alone."),
    Trap("active months added up", "Look at which months: so many in all, or in a row later, are not those up to k."),
    Trap("first use of each part", "A user begins once with a model: MIN over all its variants, versions, accounts."),
    Trap("come back as new", "Who comes back after a pause is not new: the first month of all is the cohort's."),
    Trap("counts for users", "Counts of months do not say who came: look at the months of each user, then count."),
    Trap("months counted from 1", "Months are counted from 0: k = 0 is the month of the first request."),
    Trap("months from the first day", "Count from the month of the first request, not from its day."),
    Trap("division by active users", "Divide by all users of the cohort, not by those active in a month."),
    Trap("rows for users", "Count users, not requests: count(DISTINCT ...)."),
    Trap("empty cells dropped", "A month in which nobody came back is a 0: begin from all months, then left join."),
    Trap("nothing as null", "A sum over no rows is NULL: coalesce it to 0 before you divide."),
    Trap("future months as empty", "A month that has not come yet is not a 0: leave out ages that are not seen."),
    Trap("approximate counts", "Count users exactly: count(DISTINCT ...), not a sketch of them."),
    Trap("null users as one user", "A missing user_id is not one user: use coalesce(user_id, account_id)."),
    Trap("null users dropped", "Requests without a user_id are somebody's: use coalesce(user_id, account_id)."),
    Trap("accounts for users", "A user is user_id; account_id stands in only where that is missing or empty."),
    Trap("sums of distinct users", "Distinct users do not add up: count them over the whole week at once."),
    Trap("mean of days", "Users of a week are those who came on any of its days: no mean, and no maximum, of days."),
    Trap("rare users dropped", "One request makes a user active."),
    Trap("new users for active ones", "Count who was active in the week, whether new or not, and nobody else."),
    Trap("aliases apart", "Group and join by model, the listed id, not by model_permaslug, its dated version."),
    Trap("versions merged", "The listed id counts alone: a preview and its successor are two models."),
    Trap("first cohorts dropped", "The first request in this log decides: cohorts of its first month count, too."),
    Trap("small cohorts dropped", "Every cohort counts, however small: no least number of users is asked for."),
    Trap("last cells dropped", "k goes to the last complete month, that month included."),
    Trap("empty cohorts as rows", "A month in which nobody began has no cohort: no row, and no 0 in a mean."),
    Trap("active up to k", "Active in month k means a request in that month, not in any month up to it."),
    # launches
    Trap("another launch month", "The launch month is the first with new users from the month of `released` on."),
    Trap("neighbours as later ones", "Later cohorts begin two months after the launch cohort or later."),
    Trap("conditions left out", "All four conditions must hold: early, level, plateau, apart from each later cohort."),
    Trap("apart from the mean", "Each later cohort must lie below, not their mean."),
    Trap("apart from nobody", "A cohort without any later one is not apart: such a cell must be there."),
    Trap("another plateau", "The plateau is R(5) against R(3)."),
    Trap("apart from other cohorts", "Apart is from every later cohort, and from later ones alone."),
    Trap("other ages", "The ages are k = 3, 4 and 5, each of them; level and plateau are of R(5)."),
    Trap("other thresholds", "Level: R(5) >= 0.30. Plateau: R(5) >= 0.80 R(3). Apart: by 0.10 or more."),
    Trap("too young for a verdict", "A row for each cohort that has a cell at k = 5, and for no other."),
    Trap("rows of some alone", "A cohort that is not foundational has a row, too: false."),
    Trap("strict thresholds", "A share on the threshold counts: >=, in exact numbers."),
    # sessions
    Trap("missing sessions counted", "Requests without a session_id belong to no session; the id alone names one."),
    Trap("sessions in one week only", "A session counts in each week in which it has a request."),
    Trap("pause at its edge", "A pause of just 30 minutes ends no session: only a longer one."),
    Trap("another pause", "A pause is the time since the user's last request, and ends a session after 30 minutes."),
    Trap("marks of a clock", "DATEDIFF counts the minute marks between two moments: subtract the moments."),
    Trap("part of a pause", "A pause is all of its time: .total_seconds(), not .seconds; EPOCH, not MINUTE."),
    Trap("sessions cut by a window", "Partition a user's requests by the user, and by nothing else."),
    Trap("sessions of another week", "A session counts once, in the week in which it begins."),
    Trap("short sessions dropped", "A session of a single request is a session, too."),
    Trap("first session forgotten", "A user's first request has none before it (lag is null): it begins one."),
    # tokens, shares, means
    Trap("reasoning twice", "Tokens are tokens_prompt + tokens_completion: reasoning is inside the latter."),
    Trap("cached twice", "tokens_prompt holds the cached tokens already: do not add tokens_cached."),
    Trap("parts of tokens left out", "Tokens are tokens_prompt + tokens_completion, cached ones and all."),
    Trap("equal amounts once", "SUM(DISTINCT x), UNION without ALL: equal numbers count once. Take distinct requests."),
    Trap("share of another total", "Divide by all tokens of the week, of every model and kind, unknown ones included."),
    Trap("requests for tokens", "Shares are of tokens, not of requests."),
    Trap("mean of ratios", "Divide the sums: a mean of each row's ratio weighs a small request like a large one."),
    Trap("mean over users", "A cohort counts once in this mean, whatever its size: average the shares."),
    Trap("integer division", "Cast before you divide: count / count is a whole number in some engines."),
    Trap("percent", "A share is from 0 to 1, not a percentage."),
    Trap("rounded too far", "Leave a share unrounded, or keep three decimals."),
    Trap("mean for sum", "A sum is asked for: a mean, or a maximum, forgets how many requests there are."),
    Trap("sums for means", "A mean is a sum over the number of requests: divide by it."),
    Trap("another unit", "Tokens are counted one by one, money in USD, prices in USD for a million tokens."),
    Trap("another line", "A least-squares line with an intercept, each model once: no correlation, no weights."),
    Trap("another author", "The author is what stands before the slash of `model`, the listed id."),
    Trap("median for mean", "A mean is asked for: avg, not the median."),
    Trap("the rest for the part", "The share of those that are asked about is wanted, not that of all others."),
    Trap("turned around", "Mind which comes first: x less y, x over y."),
    Trap("offered for called", "A request that was offered tools need not call one: finish_reason = 'tool_calls'."),
    Trap("flag that may be missing", "finish_reason decides; tool_called can be missing beside it."),
    Trap("reasoning tokens alone", "All tokens of models that are flagged reasoning_optimised count."),
    Trap("unknown models as others", "A model without an entry is unknown: an ELSE branch calls it something else."),
    Trap("source types merged", "Openness and origin make four types: name all of them."),
    Trap("unknown models dropped", "Keep models without an entry: LEFT JOIN models, and call them unknown."),
    Trap("null regions dropped", "Requests without a continent are spend, too: call them unknown."),
    Trap("null regions as others", "Requests without a continent are called unknown, and nothing else."),
    Trap("nulls as zero", "A missing number is not known: leave the request out of both sums."),
    # money
    Trap("list price", "Sum cost_total, what was charged: list prices know neither caches nor free variants."),
    Trap("latest price", "Sum cost_total: a price that holds today did not hold on every day of the log."),
    Trap("own keys in", "Leave out requests paid with the customer's own key: only byok = false counts."),
    Trap("free variants in", "Leave out the free variants (variant = 'free'): their tokens were not charged."),
    Trap("missing variants dropped", "Only variant = 'free' is free, and <> drops missing ones: use IS DISTINCT FROM."),
    Trap("rounded before the sum", "Round the sum, not each request: most cost less than a cent."),
    Trap("money rounded", "Leave money unrounded, or keep four decimals."),
    Trap("other points", "One point a model, with its sums over the whole log."),
    Trap("axes turned", "The line is of tokens on cost: y is the tokens, x the cost."),
    Trap("logarithms left out", "Take log10 of both, cost and tokens."),
    Trap("natural logarithms", "Take log10: another base moves the intercept."),
    Trap("one added first", "Take log10 of the number itself: 1 + x, as in log1p, bends the line where x is small."),
    Trap("sample and population", "Divide like by like: VARIANCE is that of a sample, COVAR_POP that of a population."),
    Trap("float money", "Sum money in double precision or decimals: single precision loses cents."),
    # labels
    Trap("weighted labels", "A request counts with all its tokens for each category, however sure the label is."),
    Trap("empty kinds as rows", "A category without requests in a week has no row, and no mean of 0."),
    Trap("low-confidence labels", "Labels count from a confidence of 0.5 on."),
    Trap("doubled labels", "A request counts once for each distinct category: SELECT DISTINCT before you sum."),
    Trap("one label a request", "A request carries every distinct category of its labels, not the surest one alone."),
    Trap("labels without a category dropped", "A path that is not listed is `other`, and its request is labelled."),
    Trap("sample for the whole", "Labels cover a sample: mind which total is of labelled requests, and which of all."),
    Trap("label tokens as total", "A request with two categories is one request: the total is over distinct requests."),
    Trap("path by its beginning", "The longest listed path decides: Machine Learning is no programming."),
    # rows
    Trap("unpaid requests dropped", "All requests count, free ones and those with the customer's own key, too."),
    Trap("rows repeated by a join", "A join to several rows, such as prices, counts a request for each: join to one."),
    Trap("duplicates kept", "Count each generation_id once."),
    Trap("retries dropped", "A retry is a request of its own, with its own id and tokens: keep it."),
    Trap("failed requests dropped", "All requests count, those that failed or were broken off, too."),
    Trap("incomplete rows dropped", "All requests count, those with missing values, too: no dropna, no inner join."),
    Trap("sampling weights ignored", "A sampled log counts each row as often as its weight says."),
    Trap("limits and ties", "State the order to the end: equal ones by name, else the cut takes any."),
    Trap("ascending order", "The most come first: ORDER BY ... DESC."),
    Trap("window frames", "Give a window its whole partition: with ORDER BY its frame ends at the current row."),
)  # fmt: skip

TRAPS: dict[str, Trap] = {trap.name: trap for trap in _ALL}
"""All of them by name."""


def traps(*names: str) -> tuple[Trap, ...]:
    """The known traps of these names. KeyError for one that is not known."""
    return tuple(TRAPS[name] for name in names)


TIME = ("local time", "zone cast twice")
WEEKS = (
    *TIME,
    "Sunday weeks",
    "weeks end on Monday",
    "empty weeks as rows",
    "year of the week",
    "edge weeks dropped",
    "last day cut off",
)
LAST_MONTH = ("partial last month", "whole last month dropped")
MONTHS = (
    *TIME, "text dates", "month number without year", *LAST_MONTH, "end of the model's own use", "last day cut off",
)  # fmt: skip
COHORTS = ("first cohorts dropped", "small cohorts dropped", "last cells dropped", "empty cohorts as rows",
           "active up to k", "the rest for the part")  # fmt: skip
MISSING_USERS = ("null users as one user", "null users dropped", "accounts for users")
PEOPLE = ("rows for users", *MISSING_USERS)
REQUESTS = (
    "failed requests dropped",
    "unpaid requests dropped",
    "retries dropped",
    "incomplete rows dropped",
)
TOKENS = ("equal amounts once", "reasoning twice", "cached twice", "parts of tokens left out", *REQUESTS)
LABELLED = ("low-confidence labels", "doubled labels", "one label a request", "path by its beginning")
LABELS = (*LABELLED, "labels without a category dropped")
DIVIDED = ("integer division", "percent", "rounded too far")
"""Names that come together."""
