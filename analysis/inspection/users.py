"""Checks of who is said to have sent the requests."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.inspection.check import Found, check
from analysis.inspection.facts import Facts
from analysis.numerals import counted, percent

PLACEHOLDERS = (
    r"^(unknown|null|none|nil|n/?a|nan|undefined|anonymous|anon|default|default_user_id|test|user|-+|0+|\s*)$"
)
KEY_NAMES = r"^(sk|pk|rk)-|api[-_ ]?key|[-_ ]key$|^key[-_ ]"
LARGE_SHARE = 0.4  # of the rows by one user, from which that user decides what is seen (assumed)
LEAST_USERS = 50  # below which shares of users say little (assumed)
FEW_RETURN = 0.05  # of users with a second day, below which ids are no users (assumed)
FEW_SPREAD = 0.005  # of the rows by users of several countries, up to which people travel (assumed)
WINDOW = 14  # days on each side of a date at which ids may have been reset (assumed)
BESIDE = 84  # days around it that say how many come and go otherwise (assumed)
HANDED_OVER = 4  # accounts that change across a day, from which that is told: else seldom one does (assumed)
RESET = 8.0  # how far beyond chance both have to be, in standard deviations (assumed)


@check("one user", "warning", "retention")
def one_user(facts: Facts) -> Found | None:
    """An export of one account or key leaves one user."""
    if facts.users["users"] != 1 or facts.rows < 2:
        return None
    words = "all rows are of one user_id, as in an export of one account: retention and users cannot be told"
    return Found(words, facts.rows, facts.rows, facts.users["top"])


@check("placeholder users", "error", "retention")
def placeholder_users(facts: Facts) -> Found | None:
    """A word for `not known` in the place of an id makes one user of all whose id is not known."""
    found = facts.named(PLACEHOLDERS)
    if not found:
        return None
    names = ", ".join(repr(one["user_id"]) for one in found[:3])
    return Found(
        "a word for a user who is not known stands for many, and counts as one: leave such rows out, or find the users",
        sum(one["rows"] for one in found), facts.rows, names,
    )  # fmt: skip


@check("sessions as users", "warning", "retention")
def sessions_as_users(facts: Facts) -> Found | None:
    """Ids that end with the day are sessions or requests."""
    same = int(facts.whole.get("session is user") or 0)
    if same > facts.rows / 2:
        words = "user_id is the session_id: who comes back another time counts as somebody else"
        return Found(words, same, facts.rows)
    users, returning = facts.users["users"], facts.users["returning"]
    days = (facts.log.last_day - facts.log.first_day).days + 1
    if users < LEAST_USERS or days < 28 or returning > FEW_RETURN * users:
        return None
    return Found(
        f"{counted(users - returning, 'user')} of {users:,} have no second day: the ids may be of sessions, not users",
        users - returning, users,
    )  # fmt: skip


@check("keys as users", "warning", "retention")
def keys_as_users(facts: Facts) -> Found | None:
    """Names of keys, or accounts, in the place of users."""
    same = int(facts.whole.get("account is user") or 0)
    if same > facts.rows / 2:
        return Found("user_id is the account_id: all users of an account count as one", same, facts.rows)
    found = facts.named(KEY_NAMES)
    rows = sum(one["rows"] for one in found)
    if rows <= facts.rows / 20:
        return None
    names = ", ".join(one["user_id"][:12] for one in found[:3])
    return Found("user_id looks like the name of a key, which many may use", rows, facts.rows, names)


@check("one user's share", "warning")
def large_user(facts: Facts) -> Found | None:
    """One user who sends a large part of all requests decides shares, lengths and costs."""
    largest, users = int(facts.users["largest"] or 0), facts.users["users"]
    if users < LEAST_USERS or largest <= LARGE_SHARE * facts.rows:
        return None
    words = f"one of {users:,} users sent {percent(largest / facts.rows)} of the requests"
    return Found(words, largest, facts.rows, facts.users["top"])


@check("users of several countries", "warning", "retention", "geography")
def shared_ids(facts: Facts) -> Found | None:
    """Keys that are passed around are used in many places."""
    rows, some = int(facts.users["spread"] or 0), int(facts.users["spread_users"] or 0)
    if rows <= FEW_SPREAD * facts.rows:
        return None
    words = f"{counted(some, 'user')} sent requests from several countries: an id that many share counts as one user"
    return Found(words, rows, facts.rows)


@check("ids reset", "error", "retention")
def ids_reset(facts: Facts) -> Found | None:
    """A date at which many accounts of one user go on under another id; or before which many users were last seen, and
    from which on about as many are first seen."""
    if found := _handed_over(facts):
        return found
    ends = facts.ends_of_users
    if len(ends) < 2 * BESIDE or facts.users["users"] < LEAST_USERS:
        return None
    came, went = (np.concatenate([[0.0], np.cumsum(ends[name].to_numpy())]) for name in ("came", "went"))
    at = np.arange(WINDOW, len(ends) - WINDOW + 1)
    new, gone = came[at + WINDOW] - came[at], went[at] - went[at - WINDOW]
    # Neither the first weeks, when all are new, nor the last ones, when all are last seen.
    inner = (at >= 2 * WINDOW) & (at <= len(ends) - 2 * WINDOW)
    best: tuple[float, int] = (0.0, 0)
    # A count lies no farther beyond than itself.
    for i in np.flatnonzero(inner & (np.minimum(new, gone) >= RESET)):
        beside = inner & (abs(at - at[i]) <= BESIDE) & (abs(at - at[i]) > 2 * WINDOW)
        if beside.sum() < WINDOW:
            continue
        far = _beyond(new[i], new[beside])
        if far > best[0] and (far := min(far, _beyond(gone[i], gone[beside]))) > best[0]:
            best = far, int(i)
    if best[0] < RESET:
        return None
    day, lost = ends.index[at[best[1]]], int(gone[best[1]])
    return Found(
        f"around {day:%Y-%m-%d} {counted(lost, 'user')} were last seen, and {int(new[best[1]]):,} first: ids may have "
        "been given anew then; from there on users of before count as new",
        lost, int(facts.users["users"]), f"{day:%Y-%m-%d}",
    )  # fmt: skip


def _handed_over(facts: Facts) -> Found | None:
    """Accounts keep their ids when users get new ones."""
    if not facts.has("account_id"):
        return None
    pairs, days = facts.handovers, facts.ends_of_users.index
    gap = (pairs["after"] - pairs["before"]).dt.days
    pairs = pairs[gap <= 2 * WINDOW]
    if pairs.empty or len(days) < 2 * BESIDE:
        return None
    # How many change from one id to the other across each day.
    edges = pd.Series(0.0, index=days.union([days[-1] + pd.Timedelta(days=1)]))
    begin = pairs.groupby(pairs["before"] + pd.Timedelta(days=1))["accounts"].sum()
    end = pairs.groupby(pairs["after"] + pd.Timedelta(days=1))["accounts"].sum()
    across = edges.add(begin, fill_value=0.0).sub(end, fill_value=0.0).cumsum().reindex(days).to_numpy()
    place = int(across.argmax())
    at, distance = days[place], abs(np.arange(len(days)) - place)
    beside = across[(distance > 2 * WINDOW) & (distance <= 2 * WINDOW + BESIDE)]
    changed = int(across[place])
    if len(beside) < WINDOW or changed < HANDED_OVER or changed <= 2 * beside.max():
        return None
    return Found(
        f"around {at:%Y-%m-%d} {counted(changed, 'account')} of one user went on under another user_id: ids may have "
        "been given anew then; from there on users of before count as new",
        changed, int(facts.users["users"]), f"{at:%Y-%m-%d}",
    )  # fmt: skip


def _beyond(value: float, others: np.ndarray) -> float:
    """How far a count lies above others, in standard deviations; these vary at least as chance has it."""
    middle = float(np.median(others))
    spread = 1.4826 * float(np.median(abs(others - middle)))
    return (value - middle) / max(spread, np.sqrt(middle + 1.0))
