"""The decisions of some days, compiled: what `sim.agents.search` says, workload by workload.

Agents of one day do not see each other: shares of use are measured once a week, after the day.
"""

import numpy as np

from sim.agents.compiled.choice import Past, best_ability, on_day, winners
from sim.agents.compiled.entrants import attend
from sim.agents.compiled.judgement import (
    cost_of_change,
    experienced,
    fits,
    judged,
    same_line,
    usable,
    utility,
)
from sim.agents.compiled.moves import (
    Ended,
    close_due,
    close_home,
    close_trial,
    come_home,
    compare,
    embed,
    finish,
    multihomes,
    next_rival_look,
    open_beside,
    open_trial,
    reject,
    reopen,
    wait,
    with_room,
)
from sim.agents.compiled.quantiles import quantile
from sim.agents.model_sets import NO_MODEL, has
from sim.agents.population import FOREVER
from sim.agents.rows import where_between, where_equal
from sim.agents.spells import COLUMNS as NAMES
from sim.agents.spells import Reason
from sim.agents.states import (
    BESIDE,
    EMBEDDED,
    ENDED,
    MULTIHOMED,
    RIVAL,
    TRIAL,
    TRYING,
    TRYING_RIVAL,
    UNBORN,
    UPGRADE,
    WAITING,
)
from sim.compiled import compiled
from sim.randomness import draw_unit

EMBEDS, MISFIT, MOVED, RETURNED, SILENT, UPGRADING = (int(reason) for reason in (
    Reason.EMBEDDED, Reason.MISFIT, Reason.MOVED, Reason.RETURNED, Reason.SILENT, Reason.UPGRADING,
))  # fmt: skip
COLUMNS = len(NAMES)
MOST_SPELLS = 3
"""Spells of one workload that can end on a day by its own decision: a home, a trial, and a model beside the home."""

TOGETHER = 512
"""Workloads that act together: few enough that what they need stays near."""


@compiled
def decide(first, last, agents, fixed, models, view, entrants, order, upgrading, keeping):  # type: ignore[no-untyped-def]
    """Let every workload whose decision is due act, on the days first to last - 1; the market changes on none but the
    first one. Returns the spells that ended, one a row, and the number of choices.

    view: its awareness has a table for each of the days; entrants: the models as a choice sees them; order: by category
    the models of the view, the ablest first. upgrading, keeping: whether anybody may have decided on an upgrade, or
    keep a model beside the home. What was kept until the first day is given up before the market changes, not here.

    Whoever has acted is due on a later day, so that each step below finds only those whom no step before it moved.
    """
    ended = Ended(np.empty((0, COLUMNS), dtype=np.int32), np.zeros(1, dtype=np.int64))
    choices, near = 0, np.empty(TOGETHER, dtype=np.uint64)
    soon = where_between(agents.due, first, last)
    for day in range(first, last):
        if keeping and day > first:
            ended = close_due(agents, ended, day)
        everybody = of_day(day, soon, agents)
        if len(everybody):
            today = on_day(view, day - first)
            attend(entrants, today)
            ended = with_room(ended, MOST_SPELLS * len(everybody))
        for begins in range(0, len(everybody), TOGETHER):
            due = everybody[begins : begins + TOGETHER]
            bring_near(due, agents, fixed, near)
            end(day, due, agents, ended)
            begin(day, due, agents, fixed, today, order, ended)
            judge_trials(day, due, agents, fixed, models, ended)
            judge_rivals(day, due, agents, fixed, models, ended)
            judge_upgrades(day, due, agents, fixed, models, ended)
            choices += consider_rivals(day, due, agents, fixed, models, today, entrants, ended)
            choices += start_trials(day, due, agents, fixed, models, today, entrants)
        if upgrading:
            rows = where_equal(agents.planned_for, day)
            ended = with_room(ended, len(rows))
            if begin_upgrades(day, rows, agents, fixed, models, ended):
                soon = where_between(agents.due, day + 1, last)  # their trials may be over soon
    return ended.spells[: ended.written[0]].copy(), choices


@compiled
def of_day(day, soon, agents):  # type: ignore[no-untyped-def]
    """Those of `soon` who are due on a day."""
    rows, count = np.empty(len(soon), dtype=np.int64), 0
    for w in soon:
        rows[count] = w
        count += agents.due[w] == day
    return rows[:count]


@compiled
def bring_near(due, agents, fixed, near):  # type: ignore[no-untyped-def]
    """Read something of all that the decisions of `due` need. A loop that does nothing else waits for many far reads at
    once; what it writes into `near` says nothing."""
    last = agents.rejected.shape[1] - 1
    for i in range(len(due)):
        w = due[i]
        memory = agents.rejected[w, 0] ^ agents.known_to_fit[w, 0] ^ agents.passed_over[w, 0]
        memory ^= agents.rejected[w, last] ^ agents.known_to_fit[w, last] ^ agents.passed_over[w, last]
        state = (
            agents.table[w].since ^ agents.table[w].trial ^ agents.end[w] ^ agents.home[w] ^ agents.beside[w]
        )
        near[i] = (
            memory ^ fixed.work[w].entity ^ np.uint64(state ^ fixed.life[w].user ^ agents.beside_until[w])
        )


@compiled
def acting(day, due, agents, state):  # type: ignore[no-untyped-def]
    """Those of `due` who are in a state, and have not acted yet."""
    rows, count = np.empty(len(due), dtype=np.int64), 0
    for w in due:
        rows[count] = w
        count += agents.state[w] == state and agents.due[w] == day
    return rows[:count]


@compiled
def end(day, due, agents, ended):  # type: ignore[no-untyped-def]
    """The job is done, or the user leaves the platform."""
    for w in due:
        if agents.end[w] <= day:
            finish(agents, ended, w, day)


@compiled
def begin(day, due, agents, fixed, view, order, ended):  # type: ignore[no-untyped-def]
    """Workloads that are bound to a model begin with it; the others begin to search, unless backlog is off and no
    listed model can serve them."""
    rules, rows, count = fixed.rules[0], acting(day, due, agents, UNBORN), 0
    for w in rows:
        pinned = agents.table[w].pinned
        if pinned != NO_MODEL:
            embed(agents, fixed, ended, w, day, pinned, day, False)
            agents.due[w] = agents.end[w]
        else:
            agents.state[w] = WAITING
            rows[count] = w
            count += 1
    if count and not rules.backlog:
        frontier = best_ability(rows[:count], fixed.work, view, order)
        for i in range(count):
            w = rows[i]
            able = frontier[i] >= fixed.work[w].hardness if rules.fit else np.isfinite(frontier[i])
            if not able:
                agents.state[w], agents.due[w] = ENDED, FOREVER


@compiled
def judge_trials(day, due, agents, fixed, models, ended):  # type: ignore[no-untyped-def]
    """A trial ends: the model fits and becomes the home, or it is rejected."""
    for w in acting(day, due, agents, TRYING):
        agent = agents.table[w]
        model = models[agent.trial]
        if model.listed and (agent.loyal or fits(fixed.work[w], model, fixed.rules[0])):
            close_trial(agents, ended, w, day, EMBEDS)
            embed(agents, fixed, ended, w, day, agent.trial, day, False)
        else:
            close_trial(agents, ended, w, day, MISFIT)
            reject(agents, w, agent.trial)
            wait(agents, fixed, w, day)


@compiled
def judge_rivals(day, due, agents, fixed, models, ended):  # type: ignore[no-untyped-def]
    """A rival's trial ends: work moves if the rival is better by more than the switching cost, else it returns."""
    rules = fixed.rules[0]
    for w in acting(day, due, agents, TRYING_RIVAL):
        agent, work, life, home = agents.table[w], fixed.work[w], fixed.life[w], agents.home[w]
        if agent.trial_kind != RIVAL:
            continue
        old, new, rival = models[home], models[agent.trial], agent.trial
        serves = fits(work, new, rules)
        gain = judged(work, life, new, rules, day) - experienced(work, life, old, rules)
        cost = cost_of_change(life, old, new, rules, day - agent.since)
        if (serves and gain > cost) or agent.loyal:
            if not agent.silent:
                close_home(agents, ended, w, day, MOVED)
            close_trial(agents, ended, w, day, EMBEDS)
            move(day, w, agents, fixed, models, ended)
        else:
            close_trial(agents, ended, w, day, RETURNED)
            if serves:
                compare(agents, w, rival)
            come_home(agents, fixed, w, day)
        if not serves:
            reject(agents, w, rival)


@compiled
def move(day, w, agents, fixed, models, ended):  # type: ignore[no-untyped-def]
    """Leave the home for a rival; the old one may be kept beside it. See `Search._move`."""
    agent, entity, rules = agents.table[w], fixed.work[w].entity, fixed.rules[0]
    home, rival, tenure = agents.home[w], agent.trial, agent.since
    new, within = models[rival], same_line(models[home], models[rival])
    back = multihomes(agents, w) and agents.beside[w] == rival
    compare(agents, w, home)
    embed(agents, fixed, ended, w, day, rival, agent.beside_since if back else day, within)
    agent.left = home
    if rules.multihoming and not within and draw_unit(rules.kept, entity, new.key) < rules.kept_share:
        days = np.rint(quantile(rules.kept_days, draw_unit(rules.kept_length, entity, new.key)))
        open_beside(agents, w, day, home, days, tenure, MULTIHOMED)


@compiled
def judge_upgrades(day, due, agents, fixed, models, ended):  # type: ignore[no-untyped-def]
    """The trial of an upgrade ends: work stays with the new model, or changes back. See `sim.agents.upgrades`."""
    rules = fixed.rules[0]
    for w in acting(day, due, agents, TRYING_RIVAL):
        agent, work, life, home = agents.table[w], fixed.work[w], fixed.life[w], agents.home[w]
        if agent.trial_kind != UPGRADE:
            continue
        tenure = agent.since
        old, new = models[home], models[agent.trial]
        serves = fits(work, new, rules)
        gain = judged(work, life, new, rules, day) - experienced(work, life, old, rules)
        if (serves and gain >= -cost_of_change(life, old, new, rules, day - tenure)) or agent.loyal:
            close_trial(agents, ended, w, day, EMBEDS)
            compare(agents, w, home)
            embed(agents, fixed, ended, w, day, agent.trial, tenure, True)
            agent.left = home
            days = np.rint(quantile(rules.beside_days, draw_unit(rules.beside_length, work.entity, new.key)))
            if rules.beside:
                open_beside(agents, w, day, home, days, tenure, BESIDE)
        else:
            close_trial(agents, ended, w, day, RETURNED)
            if serves:
                compare(agents, w, agent.trial)
            else:
                reject(agents, w, agent.trial)
            come_home(agents, fixed, w, day)


@compiled
def begin_upgrades(day, due, agents, fixed, models, ended):  # type: ignore[no-untyped-def]
    """Those who take up a model today change to it: see `Upgrades.begin`. Returns whether anybody does."""
    planned, at, any_begins = agents.planned, agents.planned_for, False
    for w in due:
        number, home, agent = planned[w], agents.home[w], agents.table[w]
        may = agents.state[w] in (EMBEDDED, TRYING_RIVAL) and agent.pinned == NO_MODEL
        if may:
            old, new = models[home], models[number]
            may = new.listed and same_line(old, new) and old.release_day < new.release_day
        if may and agents.state[w] == TRYING_RIVAL:
            at[w] = agents.due[w]
            continue
        if may and not models[number].up:
            at[w] = day + 1
            continue
        planned[w], at[w] = NO_MODEL, FOREVER
        if may and worth_a_trial(day, agents, fixed, models, w, number):
            close_home(agents, ended, w, day, UPGRADING)
            agent.silent = True
            open_trial(agents, fixed, w, day, number, models[number], UPGRADE)
            any_begins = True
    return any_begins


@compiled
def worth_a_trial(day, agents, fixed, models, w, number):  # type: ignore[no-untyped-def]
    """Whether a model can be used, did not fail before, and would stay if it were as good as can be."""
    work, life, rules, tenure = fixed.work[w], fixed.life[w], fixed.rules[0], day - agents.table[w].since
    old, new = models[agents.home[w]], models[number]
    if has(agents.rejected, w, number) or not usable(work, new):
        return False
    gain = utility(work, life, new, rules, rules.cap) - experienced(work, life, old, rules)
    return gain >= -cost_of_change(life, old, new, rules, tenure)


@compiled
def choose(day, rows, agents, fixed, view, entrants, passed_over, home, outside):  # type: ignore[no-untyped-def]
    """One choice for each of `rows`, counted among its decisions: see `sim.agents.choice.choose`."""
    for w in rows:
        agents.table[w].decisions += 1
    past = Past(passed_over, agents.known_to_fit)
    today = np.uint64(day)
    return winners(rows, fixed.work, past, view, entrants, home, outside, today, fixed.keys, fixed.weights)


@compiled
def consider_rivals(day, due, agents, fixed, models, view, entrants, ended):  # type: ignore[no-untyped-def]
    """Embedded workloads look around: staying and every rival not yet compared are the options of one choice."""
    rules, rows = fixed.rules[0], acting(day, due, agents, EMBEDDED)
    if not rules.rivals:
        for w in rows:
            next_rival_look(agents, fixed, w, day)
        return 0
    outside = np.empty(len(rows))
    for i in range(len(rows)):
        w = rows[i]
        value = experienced(fixed.work[w], fixed.life[w], models[agents.home[w]], rules)
        outside[i] = value + rules.inertia
        if rules.regret:
            look_back(agents, fixed, models, w, day, value)
    chosen = choose(day, rows, agents, fixed, view, entrants, agents.passed_over, agents.home[rows], outside)
    for i in range(len(rows)):
        w, number = rows[i], chosen[i]
        if number == NO_MODEL:
            next_rival_look(agents, fixed, w, day)
            continue
        open_trial(agents, fixed, w, day, number, models[number], RIVAL)
        if draw_unit(rules.home_silent, fixed.work[w].entity, models[number].key) < rules.silent_share:
            close_home(agents, ended, w, day, SILENT)
            agents.table[w].silent = True
    return len(rows)


@compiled
def look_back(agents, fixed, models, w, day, worth):  # type: ignore[no-untyped-def]
    """Where the home disappoints, the better one that was left for it may be compared again. worth: the home's."""
    left, work, rules = agents.table[w].left, fixed.work[w], fixed.rules[0]
    if (
        left != NO_MODEL
        and draw_unit(rules.look_back_at, work.entity, np.uint64(day)) < rules.look_back
        and experienced(work, fixed.life[w], models[left], rules) > worth
    ):
        reopen(agents, w, left)


@compiled
def start_trials(day, due, agents, fixed, models, view, entrants):  # type: ignore[no-untyped-def]
    """Waiting workloads choose a model to try, or go on waiting."""
    rows = acting(day, due, agents, WAITING)
    home, outside = np.full(len(rows), NO_MODEL, dtype=np.int16), np.full(len(rows), fixed.rules[0].outside)
    chosen = choose(day, rows, agents, fixed, view, entrants, agents.rejected, home, outside)
    for i in range(len(rows)):
        w, number = rows[i], chosen[i]
        if agents.table[w].decisions == 1:
            number = first_choice(fixed, models, w, day, number)
        if number == NO_MODEL:
            wait(agents, fixed, w, day)
        else:
            open_trial(agents, fixed, w, day, number, models[number], TRIAL)
    return len(rows)


@compiled
def first_choice(fixed, models, w, day, chosen):  # type: ignore[no-untyped-def]
    """What new work tries: the default of its application, if it may; users of a wave the model that drew them."""
    life = fixed.life[w]
    if life.wave_model != NO_MODEL and models[life.wave_model].listed:
        return life.wave_model
    if life.takes_default:
        default = fixed.default[day, life.app]
        if default != NO_MODEL:
            model = models[default]
            if model.listed and model.up and usable(fixed.work[w], model):
                return default
    return chosen
