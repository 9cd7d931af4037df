"""The elementary moves of workload `w` between states, compiled: see `sim.agents.states`, whose arrays they write.

`agents` and `fixed` are those of `sim.agents.compiled.tables`; `ended` takes the spells that end.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.agents.compiled.quantiles import quantile
from sim.agents.model_sets import NO_MODEL, exclude, include
from sim.agents.population import FOREVER
from sim.agents.rows import where_equal
from sim.agents.spells import Reason
from sim.agents.states import (
    EMBEDDED,
    ENDED,
    HOME,
    MOST_FAILURES,
    MULTIHOMED,
    RIVAL,
    TRIAL,
    TRYING,
    TRYING_RIVAL,
    UPGRADE,
    WAITING,
)
from sim.compiled import compiled
from sim.randomness import draw_unit, first_day

DONE, HOME_LOST, PHASED_OUT = int(Reason.ENDED), int(Reason.HOME_LOST), int(Reason.PHASED_OUT)


class Ended(NamedTuple):
    """Spells that ended today, one a row in the order of `spells.COLUMNS`, and how many there are."""

    spells: NDArray[np.int32]
    written: NDArray[np.int64]  # how many: one number


# -- spells -----------------------------------------------------------------------------------------------------------


@compiled
def with_room(ended, spells):  # type: ignore[no-untyped-def]
    """The same, with room for so many more spells."""
    least = ended.written[0] + spells
    if least <= len(ended.spells):
        return ended
    larger = np.empty((2 * least, ended.spells.shape[1]), dtype=np.int32)
    larger[: ended.written[0]] = ended.spells[: ended.written[0]]
    return Ended(larger, ended.written)


@compiled
def write(ended, w, model, kind, start, end, since, reason):  # type: ignore[no-untyped-def]
    """Write down a spell that lasted at least a day."""
    if start < end:
        row, spells = ended.written[0], ended.spells
        spells[row, 0], spells[row, 1], spells[row, 2], spells[row, 3] = w, model, kind, start
        spells[row, 4], spells[row, 5], spells[row, 6] = end, since, reason
        ended.written[0] = row + 1


@compiled
def close_home(agents, ended, w, day, reason):  # type: ignore[no-untyped-def]
    """Write down the spell of a home that ends today."""
    agent = agents.table[w]
    write(ended, w, agents.home[w], HOME, agent.home_start, day, agent.since, reason)


@compiled
def close_trial(agents, ended, w, day, reason):  # type: ignore[no-untyped-def]
    """Write down the spell of a trial that ends today; an upgrade's has the home's tenure."""
    agent = agents.table[w]
    since = agent.since if agent.trial_kind == UPGRADE else agent.trial_start
    write(ended, w, agent.trial, agent.trial_kind, agent.trial_start, day, since, reason)


@compiled
def close_beside(agents, ended, w, day, reason):  # type: ignore[no-untyped-def]
    """Give up what is kept beside the home, if anything is."""
    if agents.beside[w] != NO_MODEL:
        agent = agents.table[w]
        kind, start, since = agent.beside_kind, agent.beside_start, agent.beside_since
        write(ended, w, agents.beside[w], kind, start, day, since, reason)
        agents.beside[w], agents.beside_until[w] = NO_MODEL, FOREVER


@compiled
def close_due(agents, ended, day):  # type: ignore[no-untyped-def]
    """Give up what was kept beside a home until today: see `Beside.close_due`."""
    rows = where_equal(agents.beside_until, day)
    ended = with_room(ended, len(rows))
    for w in rows:
        close_beside(agents, ended, w, day, PHASED_OUT)
    return ended


@compiled
def multihomes(agents, w):  # type: ignore[no-untyped-def]
    """Whether a model of another line is kept beside the home."""
    return agents.beside[w] != NO_MODEL and agents.table[w].beside_kind == MULTIHOMED


@compiled
def open_beside(agents, w, day, model, days, since, kind):  # type: ignore[no-untyped-def]
    """Keep a model for some days, if there are any and nothing is kept already. since: when the work was embedded in
    it."""
    if days > 0 and agents.beside[w] == NO_MODEL:
        agent = agents.table[w]
        agents.beside[w], agents.beside_until[w] = model, int(min(day + days, float(FOREVER)))
        agent.beside_start, agent.beside_since, agent.beside_kind = day, since, kind


# -- memory -----------------------------------------------------------------------------------------------------------


@compiled
def reject(agents, w, model):  # type: ignore[no-untyped-def]
    """A model failed."""
    include(agents.rejected, w, model)
    include(agents.passed_over, w, model)


@compiled
def compare(agents, w, model):  # type: ignore[no-untyped-def]
    """A model fits, and was compared with another one."""
    include(agents.known_to_fit, w, model)
    include(agents.passed_over, w, model)


@compiled
def reopen(agents, w, model):  # type: ignore[no-untyped-def]
    """A model that is known to fit may be compared again."""
    exclude(agents.passed_over, w, model)


# -- waiting and trying -----------------------------------------------------------------------------------------------


@compiled
def wait(agents, fixed, w, day):  # type: ignore[no-untyped-def]
    """Wait for the next look, the longer the more failed."""
    agent, rules = agents.table[w], fixed.rules[0]
    latest = min(np.int64(agents.end[w]), rules.horizon)
    chance = rules.wait_chance[agent.failures]
    agents.due[w] = first_day(rules.look, fixed.work[w].entity, day, chance, latest)
    agent.failures = min(agent.failures + 1, MOST_FAILURES)
    agents.state[w] = WAITING


@compiled
def open_trial(agents, fixed, w, day, number, model, kind):  # type: ignore[no-untyped-def]
    """Begin a trial of a model. number, model: its number and its record; kind: of the spell."""
    agent, life, rules = agents.table[w], fixed.life[w], fixed.rules[0]
    # A planted share of those who begin in the window stays for good: see `sim.agents.planted_loyalty`.
    if (
        number == rules.planted_model
        and rules.planted_from <= day < rules.planted_to
        and draw_unit(rules.planted, np.uint64(life.user), np.uint64(0)) < rules.planted_share
    ):
        agent.loyal, agents.end[w] = True, FOREVER
    u = draw_unit(rules.trial_length, fixed.work[w].entity, model.key)
    days = quantile(rules.rival_days if kind == RIVAL else rules.trial_days, u)
    agents.state[w] = TRYING if kind == TRIAL else TRYING_RIVAL
    agent.trial, agent.trial_kind, agent.trial_start = number, kind, day
    agents.due[w] = int(min(day + max(1.0, np.rint(days)), float(agents.end[w])))


# -- homes ------------------------------------------------------------------------------------------------------------


@compiled
def next_rival_look(agents, fixed, w, day):  # type: ignore[no-untyped-def]
    """Work with a home looks at rivals on some later day, or never."""
    life, rules = fixed.life[w], fixed.rules[0]
    if rules.rivals:
        latest = min(np.int64(agents.end[w]), rules.horizon)
        agents.due[w] = first_day(rules.rival_look, fixed.work[w].entity, day, life.rival_chance, latest)
    else:
        agents.due[w] = agents.end[w]


@compiled
def embed(agents, fixed, ended, w, day, model, since, within):  # type: ignore[no-untyped-def]
    """A home begins. since: the day on which tenure began; within: whether it is of the line of the home before, so
    that a model of another line is kept. Who is planted as loyal stays bound to it."""
    if not (within and multihomes(agents, w)):
        close_beside(agents, ended, w, day, HOME_LOST)
    agent = agents.table[w]
    agents.home[w], agents.state[w] = model, EMBEDDED
    agent.failures, agent.silent, agent.left = 0, False, NO_MODEL
    agent.since, agent.home_start = since, day
    if agent.loyal:
        agent.pinned, agents.due[w] = model, agents.end[w]
    else:
        next_rival_look(agents, fixed, w, day)


@compiled
def come_home(agents, fixed, w, day):  # type: ignore[no-untyped-def]
    """Back to the home after the trial of another model; one that was silent begins a new spell."""
    agent = agents.table[w]
    if agent.silent:
        agent.home_start, agent.silent = day, False
    agents.state[w] = EMBEDDED
    next_rival_look(agents, fixed, w, day)


@compiled
def finish(agents, ended, w, day):  # type: ignore[no-untyped-def]
    """The job is done, or the user leaves the platform."""
    state = agents.state[w]
    if state in (EMBEDDED, TRYING_RIVAL) and not agents.table[w].silent:
        close_home(agents, ended, w, day, DONE)
    if state in (TRYING, TRYING_RIVAL):
        close_trial(agents, ended, w, day, DONE)
    close_beside(agents, ended, w, day, DONE)
    agents.state[w], agents.due[w], agents.home[w] = ENDED, FOREVER, NO_MODEL
