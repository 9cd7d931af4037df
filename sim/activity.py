"""Who used which model in which month: exact, straight from the spells, without making a request.

Retention, shares of use and cohorts need no more of the log than this. The counts are those of `sim.traffic`,
drawn by the same keyed draws in the same loop, and a request stays within the UTC day that it was drawn for, so the
tables equal what the log gives when it is grouped.
"""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sim.compiled import compiled
from sim.gateway.identity import Identities
from sim.gateway.ids import account_codes, id_array
from sim.gateway.models import listed_name
from sim.simulation import Agents
from sim.traffic.counts import count_weeks
from sim.traffic.weeks import weeks_of_spell

ENTRY = np.dtype([
    ("user", np.int32), ("requests", np.int32), ("first_day", np.int32), ("model", np.int16), ("month", np.int16),
], align=True)  # fmt: skip


@dataclass(frozen=True)
class Activity:
    """One entry for each user, model and UTC calendar month with at least one request, ordered by the three.

    The arrays up to `first_day` are of equal length.
    """

    user: NDArray[np.int32]
    """Index into `user_ids`: the user's row in the world's arrays where no id is ever reset."""
    account: NDArray[np.int32]
    """Index into `account_ids`."""
    model: NDArray[np.int16]
    """Index into `models`."""
    month: NDArray[np.int16]
    """Index into `months`."""
    requests: NDArray[np.int32]
    first_day: NDArray[np.int32]
    """The day of the first request in the month, in days since the scenario's first one."""
    weekly: NDArray[np.int64]
    """Requests by UTC Monday week and model: weeks x models."""
    models: tuple[str, ...]
    """Listed ids as the log has them: a free variant is no model of its own."""
    months: tuple[dt.date, ...]
    """The first days of all months that the scenario touches."""
    weeks: tuple[dt.date, ...]
    """The Mondays of all weeks that the scenario touches."""
    start: dt.date
    user_ids: pa.StringArray
    """The log's ids of the world's users, in the users' order; a user whose id is reset has several in a row."""
    account_ids: pa.StringArray
    """The log's ids of the accounts, each once."""

    def __len__(self) -> int:
        return len(self.user)

    def table(self) -> pa.Table:
        """The entries by the log's names: user_id, account_id, model (strings, dictionary-encoded), month and
        first_day (date32), requests (int32).
        """
        first = np.datetime64(self.start, "D").astype(np.int32)
        months = np.array(self.months, dtype="datetime64[D]").astype(np.int32)
        dictionary = pa.DictionaryArray.from_arrays
        return pa.table({
            "user_id": dictionary(pa.array(self.user), self.user_ids),
            "account_id": dictionary(pa.array(self.account), self.account_ids),
            "model": dictionary(pa.array(self.model.astype(np.int32)), pa.array(self.models, pa.string())),
            "month": pa.array(months[self.month]).view(pa.date32()),
            "requests": pa.array(self.requests),
            "first_day": pa.array(self.first_day + first).view(pa.date32()),
        })  # fmt: skip

    def weekly_table(self) -> pa.Table:
        """Weeks and models with requests: week (date32, a Monday), model (string), requests (int64)."""
        week, model = np.nonzero(self.weekly)
        mondays = np.array(self.weeks, dtype="datetime64[D]").astype(np.int32)
        models = pa.array(self.models, pa.string())
        return pa.table({
            "week": pa.array(mondays[week]).view(pa.date32()),
            "model": pa.DictionaryArray.from_arrays(pa.array(model.astype(np.int32)), models),
            "requests": pa.array(self.weekly[week, model]),
        })  # fmt: skip


@compiled
def _tally(spells, works, volume, calendar, month_of, listed, ids, entries, weekly):  # type: ignore[no-untyped-def]
    """Fill the entries, user by user, and the weeks. Returns the number of entries."""
    resets_to, reset_week = ids
    weekday, weeks, models, months = calendar.weekday, len(weekly), weekly.shape[1], month_of[-1] + 1
    day_of, count = np.empty(len(month_of), dtype=np.int32), np.empty(len(month_of), dtype=np.int32)
    # One user's requests and first days by id, model and month, and which of these cells are in use.
    cells = (np.diff(resets_to).max() + 1) * models * months
    requests = np.zeros(cells, dtype=np.int32)
    first_day = np.zeros(cells, dtype=np.int32)
    used = np.empty(cells, dtype=np.int32)
    in_use, filled = 0, 0
    for s in range(len(spells)):
        spell = spells[s]
        work = works[spell.workload]
        model, user = listed[spell.model], work.user
        first, last = weeks_of_spell(spell, weekday, weeks)
        found = count_weeks(spell, work, volume, calendar, first, last, day_of, count, 0)
        reset = resets_to[user]
        for i in range(found):
            day, week = day_of[i], (day_of[i] + weekday) // 7
            while reset < resets_to[user + 1] and reset_week[reset] <= week:
                reset += 1
            known_as = reset - resets_to[user]  # the number of the user's id, from 0
            cell = (known_as * models + model) * months + month_of[day]
            if requests[cell] == 0:
                used[in_use], first_day[cell] = cell, day
                in_use += 1
            requests[cell] += count[i]
            first_day[cell] = min(first_day[cell], day)
            weekly[week, model] += count[i]
        # Spells are ordered by workload and workloads by user: the user's last spell closes the user's entries.
        if in_use and (s + 1 == len(spells) or works[spells[s + 1].workload].user != user):
            used[:in_use].sort()
            for cell in used[:in_use]:
                entry = entries[filled]
                entry.user = user + resets_to[user] + cell // (models * months)
                entry.model, entry.month = cell // months % models, cell % months
                entry.requests, entry.first_day = requests[cell], first_day[cell]
                requests[cell] = 0
                filled += 1
            in_use = 0
    return filled


def monthly(agents: Agents, model: str | None = None) -> Activity:
    """The activity of a world after its market has run. model: count that of this listed id alone."""
    world, traffic = agents.world, agents.traffic()
    scenario = world.scenario
    names = [listed_name(m.slug) for m in world.catalogue.models]
    models = tuple(dict.fromkeys(names))
    number = {name: index for index, name in enumerate(models)}
    listed = np.array([number[name] for name in names], dtype=np.int64)
    calendar = (np.datetime64(scenario.start) + np.arange(scenario.days)).astype("datetime64[M]").astype(int)
    month_of = (calendar - calendar[0]).astype(np.int32)
    months = int(month_of[-1]) + 1
    weeks = tuple(monday for monday, _, _ in traffic.weeks())
    spells = traffic.spell_table
    if model is not None:
        spells = spells[listed[spells["model"]] == number[model]]
    resets_to, reset_week, id_codes = _ids(agents)
    # Each spell adds at most one entry for each month that it touches, and one more for each change of its user's id.
    last = np.minimum(spells["end"], scenario.days) - 1
    resets = np.diff(resets_to)[traffic.work_table["user"][spells["workload"]]]
    most = int((month_of[last] - month_of[spells["start"]] + 1 + resets).sum()) if len(spells) else 0
    entries = np.empty(most, dtype=ENTRY)
    weekly = np.zeros((len(weeks), len(models)), dtype=np.int64)
    filled = _tally(
        spells, traffic.work_table, traffic.volume, traffic.calendar, month_of, listed, (resets_to, reset_week),
        entries, weekly,
    )  # fmt: skip
    entries = entries[:filled]
    user = entries["user"].copy()
    codes, account_of = np.unique(account_codes(world.draws, agents.users.account), return_inverse=True)
    return Activity(
        user=user,
        account=np.repeat(account_of.astype(np.int32), 1 + np.diff(resets_to))[user],
        model=entries["model"].copy(),
        month=entries["month"].copy(),
        requests=entries["requests"].copy(),
        first_day=entries["first_day"].copy(),
        weekly=weekly,
        models=models,
        months=tuple(
            (calendar[0] + np.arange(months)).astype("datetime64[M]").astype("datetime64[D]").tolist()
        ),
        weeks=weeks,
        start=scenario.start,
        user_ids=id_array("usr-", id_codes),
        account_ids=id_array("acc-", codes),
    )


def _ids(agents: Agents) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint64]]:
    """Where each user's id resets begin in a list of all (users + 1), the week of the world of each reset, and the code
    of every id: the first one and then the resets', user by user."""
    world, users = agents.world, agents.users
    identities = Identities(world.scenario, users, world.draws)
    rows, codes, since = identities.resets()
    resets_to = np.searchsorted(rows, np.arange(len(users) + 1))
    weeks = (since.astype(np.int64) + world.scenario.start.weekday()) // 7
    return resets_to, weeks, np.insert(identities.first, rows + 1, codes)
