"""Who is in the market: users, and the workloads that they bring.

Every trait is a keyed draw of its user or workload, so that one more user, or one more workload of a user, changes
nobody else.
"""

from typing import Any

from sim.agents.population.large_accounts import append_large_account, of_large_account
from sim.agents.population.tables import FOREVER, Names, Users, Workloads
from sim.agents.population.users import ordinary_users
from sim.agents.population.work import MAX_WORKLOADS, ordinary_workloads
from sim.catalogue import Catalogue
from sim.mechanisms.demand.applications import Applications
from sim.mechanisms.demand.premium_work import PremiumWork
from sim.mechanisms.legacy_work import LegacyWork
from sim.randomness import Draws
from sim.scenario import Scenario
from sim.scenario.calendar import LargeAccountEvent, WaveEvent

__all__ = [
    "FOREVER", "MAX_WORKLOADS", "Names", "Users", "Workloads", "build_population", "of_large_account", "of_population",
]  # fmt: skip


def build_population(scenario: Scenario, catalogue: Catalogue, draws: Draws) -> tuple[Users, Workloads]:
    """All users and workloads of the scenario's world, large accounts of the calendar included."""
    users = ordinary_users(scenario, catalogue, draws)
    workloads = ordinary_workloads(scenario, users, draws)
    for number, event in enumerate(e for e in scenario.calendar if isinstance(e, LargeAccountEvent)):
        append_large_account(scenario, catalogue, users, workloads, event, number)
    return users, workloads


def of_population(scenario: Scenario, catalogue: Catalogue) -> tuple[Any, ...]:
    """All that `build_population` reads. Two worlds where it is equal have the same users and the same work."""
    causes = scenario.mechanisms
    events = [event for event in scenario.calendar if isinstance(event, WaveEvent | LargeAccountEvent)]
    return (
        scenario.seed, scenario.users, scenario.start, scenario.end, scenario.population, scenario.applications,
        scenario.workloads, causes[Applications], causes[PremiumWork], causes[LegacyWork],
        events, [catalogue.index(event.model) for event in events],
    )  # fmt: skip
