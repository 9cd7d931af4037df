"""Who makes a curve: single users of a world, and the spells in which each used a model."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from sim import Agents
from sim.agents.spells import Kind, Reason

USERS = 40
KINDS = {
    Kind.TRIAL: "trial", Kind.HOME: "home", Kind.RIVAL: "trial of a rival", Kind.UPGRADE: "trial of a later model",
    Kind.BESIDE: "kept beside a later model", Kind.MULTIHOMED: "kept beside a model of another line",
}  # fmt: skip
REASONS = {
    Reason.HORIZON: "still going on when the world ended",
    Reason.ENDED: "the job was done, or the user left",
    Reason.MISFIT: "it did not fit",
    Reason.EMBEDDED: "it fitted, and became the home",
    Reason.MOVED: "left for a rival",
    Reason.RETURNED: "back to the home",
    Reason.SILENT: "silent while a rival was tried",
    Reason.PRICE: "the price no longer fitted",
    Reason.ABILITY: "the model lost ability",
    Reason.RETIRED: "the model was retired",
    Reason.MIGRATED: "moved to the model's successor",
    Reason.HOME_LOST: "its home was lost",
    Reason.UPGRADING: "silent while a later model was tried",
    Reason.PHASED_OUT: "the old model was no longer needed",
}


def spells_json(agents: Agents, look: str) -> dict[str, Any]:
    """The first `USERS` users of the model: half of those who came in its first month, half of those who came later.

    Spells have days since the world's start, half-open, and words for their kind and their end.
    """
    scenario, catalogue = agents.world.scenario, agents.world.catalogue
    spells = agents.spells
    user_of = agents.workloads.user[spells["workload"]]
    own = spells["model"] == catalogue.index(look)
    first = np.full(len(agents.users), scenario.days, dtype=np.int64)
    np.minimum.at(first, user_of[own], spells["start"][own])
    came = np.flatnonzero(first < scenario.days)
    months = (np.datetime64(scenario.start) + first[came]).astype("datetime64[M]")
    at_launch = months == months.min() if len(came) else np.zeros(0, np.bool_)
    chosen = [*came[at_launch][: USERS // 2], *came[~at_launch][: USERS // 2]]
    names = [model.slug for model in catalogue.models]
    rows = []
    for user in sorted(chosen, key=lambda u: (first[u], u)):
        held = np.flatnonzero(user_of == user)
        rows.append({
            "user": int(user),
            "since": (scenario.start + dt.timedelta(days=int(first[user]))).isoformat(),
            "spells": [
                {
                    "model": names[spells["model"][s]],
                    "kind": KINDS[Kind(spells["kind"][s])],
                    "start": int(spells["start"][s]),
                    "end": int(min(spells["end"][s], scenario.days)),
                    "why": REASONS[Reason(spells["reason"][s])],
                }
                for s in held
            ],
        })  # fmt: skip
    return {"model": look, "start": scenario.start.isoformat(), "days": scenario.days, "users": rows}
