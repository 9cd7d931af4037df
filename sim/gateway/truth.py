"""The truth: what no real log holds. Who wanted what, who found a fit, when and why they left."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from analysis.contract import CATEGORIES
from sim.agents.planted_loyalty import PlantedLoyalty
from sim.agents.population import Users, Workloads
from sim.agents.spells import Kind, Reason
from sim.catalogue import Catalogue
from sim.gateway.columns import COMPRESSION, EPOCH, coded
from sim.gateway.faults import Planted
from sim.gateway.ids import id_array
from sim.gateway.log import LogWriter
from sim.gateway.models import listed_name
from sim.market import Market
from sim.mechanisms.multihoming import Multihoming
from sim.scenario import Scenario


def write_truth(
    folder: Path,
    scenario: Scenario,
    catalogue: Catalogue,
    market: Market,
    users: Users,
    workloads: Workloads,
    spells: dict[str, NDArray[np.int32]],
    writer: LogWriter,
    planted: PlantedLoyalty,
    faults: Mapping[str, Planted] | None = None,
) -> None:
    """What no real log holds: users, workloads, spells, market events, and the models' lines and latent
    parameters.

    Where ids can be reset, also which ids are one user's; where loyal users are planted, also who they are. Where the
    data have faults, also what these fell on (a day, a provider, an id, a column; null for single rows), what the log
    says instead, and in how many rows.
    """
    truth = folder / "truth"
    truth.mkdir()

    def dates(days: NDArray[np.int32]) -> pa.Array:
        bounded = np.clip(days, -(2**20), 2**20).astype(np.int32)  # lives may outlast any calendar
        return pa.array(bounded + np.int32((scenario.start - EPOCH).days)).view(pa.date32())

    def save(name: str, columns: dict[str, Any]) -> None:
        pq.write_table(pa.table(columns), truth / f"{name}.parquet", **COMPRESSION)

    names = users.names
    models = [listed_name(m.slug) for m in catalogue.models]
    none = users.wave_model < 0
    save("users", {
        "user_id": id_array("usr-", writer.user_codes),
        "account_id": id_array("acc-", writer.account_codes),
        "arrival": dates(users.arrival),
        "leave": dates(users.leave),
        "segment": coded(users.segment, names.segments),
        "country": coded(users.country, names.countries),
        "language": coded(users.language, names.languages),
        "byok": users.byok,
        "curiosity": users.curiosity,
        "regularity": users.regularity,
        "price_sensitivity": users.price_sensitivity,
        "wave_model": coded(np.where(none, 0, users.wave_model), models, none),
    })  # fmt: skip
    pinned = workloads.pinned_model < 0
    save("workloads", {
        "workload": np.arange(len(workloads), dtype=np.int32),
        "user_id": id_array("usr-", writer.user_codes[workloads.user]),
        "category": coded(workloads.category, CATEGORIES),
        "hardness": workloads.hardness,
        "willingness_usd_per_mtok": np.exp(np.clip(workloads.log_willingness, -30, 30)),
        "needs_tools": workloads.needs_tools,
        "needs_permissive": workloads.needs_permissive,
        "context_tokens": workloads.context_tokens,
        "accepts_free": workloads.accepts_free,
        "requests_per_day": workloads.requests_per_day,
        "start": dates(workloads.start),
        "end": dates(workloads.end),
        "pinned_model": coded(np.where(pinned, 0, workloads.pinned_model), models, pinned),
    })  # fmt: skip
    save("spells", {
        "workload": spells["workload"],
        "model": coded(spells["model"], models),
        "kind": coded(spells["kind"], _kinds(scenario)),
        "start": dates(spells["start"]),
        "end": dates(spells["end"]),
        "embedded_since": dates(spells["since"]),
        "end_reason": coded(spells["reason"], [r.name.lower() for r in Reason]),
    })  # fmt: skip
    if scenario.observation.id_resets_per_month:
        rows, codes, since = writer.identities.resets()
        save("identities", {
            "user_id": id_array("usr-", writer.user_codes[rows]),
            "logged_as": id_array("usr-", codes),
            "since": dates(since),
        })  # fmt: skip
    if scenario.planted_loyalty is not None:
        loyal = planted.users()
        save("planted", {
            "user_id": id_array("usr-", writer.user_codes[loyal]),
            "model": coded(np.full(len(loyal), planted.model), models),
        })  # fmt: skip
    if faults:
        hits = [(key, *on, n) for key, found in faults.items() for on, n in sorted(found.items())]
        save("faults", {
            "fault": pa.array([key for key, _, _, _ in hits], pa.string()),
            "of": pa.array([of or None for _, of, _, _ in hits], pa.string()),
            "became": pa.array([became or None for _, _, became, _ in hits], pa.string()),
            "rows": pa.array([n for _, _, _, n in hits], pa.int64()),
        })  # fmt: skip
    events = market.events
    save("events", {
        "date": dates(np.array([e.day for e in events], dtype=np.int32)),
        "event": pa.array([e.event for e in events], pa.string()),
        "model": pa.array([models[e.model] for e in events], pa.string()),
        "detail": pa.array([e.detail for e in events], pa.string()),
    })  # fmt: skip
    save("abilities", {
        "model": models,
        "line": [m.facts.line for m in catalogue.models],
        "hype": [m.latent.hype for m in catalogue.models],
        "permissive": [m.latent.permissive for m in catalogue.models],
        **_by_category([m.latent.ability for m in catalogue.models]),
    })  # fmt: skip
    save("reach", {"model": models, **_by_category([m.latent.reach for m in catalogue.models])})


def _kinds(scenario: Scenario) -> list[str]:
    """Names of the kinds of spells that there can be. Without multihoming there is none of the last kind: the truth is
    what it was before that cause was known."""
    kinds = [kind.name.lower() for kind in Kind]
    return kinds if scenario.mechanisms[Multihoming].enabled else kinds[: Kind.MULTIHOMED]


def _by_category(values: Sequence[tuple[float, ...]]) -> dict[str, list[float]]:
    """Columns by category of values by model and category."""
    return {category: [value[i] for value in values] for i, category in enumerate(CATEGORIES)}
