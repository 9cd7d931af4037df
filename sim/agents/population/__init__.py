"""Who is in the market: users, and the workloads that they bring.

Every trait is a keyed draw of its user or workload, so that one more user, or one more workload of a user, changes
nobody else.
"""

from sim.agents.population.large_accounts import append_large_account, of_large_account
from sim.agents.population.tables import FOREVER, Names, Users, Workloads
from sim.agents.population.users import ordinary_users
from sim.agents.population.work import MAX_WORKLOADS, ordinary_workloads
from sim.catalogue import Catalogue
from sim.randomness import Draws
from sim.scenario import Scenario
from sim.scenario.calendar import LargeAccountEvent

__all__ = ["FOREVER", "MAX_WORKLOADS", "Names", "Users", "Workloads", "build_population", "of_large_account"]


def build_population(scenario: Scenario, catalogue: Catalogue, draws: Draws) -> tuple[Users, Workloads]:
    """All users and workloads of the scenario's world, large accounts of the calendar included."""
    users = ordinary_users(scenario, catalogue, draws)
    workloads = ordinary_workloads(scenario, users, draws)
    for number, event in enumerate(e for e in scenario.calendar if isinstance(e, LargeAccountEvent)):
        append_large_account(scenario, catalogue, users, workloads, event, number)
    return users, workloads
