"""A world: a scenario with its models and its draws, read and resolved, that has not run."""

import hashlib
import json
from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from analysis import contract
from sim.catalogue import Catalogue, CatalogueError
from sim.catalogue.overrides import looked_at, real_models, world_catalogue
from sim.config.documents import Document
from sim.config.nodes import Mapping as Keys
from sim.config.problems import Problem, ProblemAt, ScenarioError
from sim.config.schema_errors import parse
from sim.gateway.classifier import Classifier
from sim.randomness import Draws
from sim.scenario import TELLING, Scenario, read_scenario
from sim.scenario.notices import notices
from sim.scenario.shipped import WORLDS


@dataclass(frozen=True)
class World:
    """A resolved world that has not run: its scenario, its models, its draws."""

    scenario: Scenario
    catalogue: Catalogue
    draws: Draws
    name: str = "scenario"
    classifier: Classifier | None = None
    notices: tuple[Problem, ...] = ()
    """What the scenario's writer should hear of: see `sim.scenario.notices`."""

    @cached_property
    def digest(self) -> str:
        """Hash of all that decides the world's data: scenario, catalogue, and the simulator's source."""
        parts = hashlib.sha256()
        resolved = self.scenario.model_dump(mode="json", by_alias=True, exclude=set(TELLING))
        parts.update(json.dumps(resolved, sort_keys=True).encode())
        parts.update(self.catalogue.digest().encode())
        if self.classifier is not None:
            parts.update(repr(self.classifier.table).encode())
        parts.update(source_digest().encode())
        return parts.hexdigest()

    @property
    def run_id(self) -> str:
        """Name of the run's folder: the seed, and a hash of what else decides the data."""
        return f"seed{self.scenario.seed}-{self.digest[:10]}"


def load_world(
    path: str | Path,
    *,
    settings: Sequence[str] = (),
    seed: int | None = None,
    users: int | None = None,
) -> World:
    """Read and resolve a scenario with its models. Raises `ScenarioError` with every problem and its place."""
    document = read_scenario(path, settings=tuple(settings), seed=seed, users=users)
    scenario = parse(document, Scenario)
    draws = Draws(scenario.seed)
    beside = Path(path).resolve().parent
    try:
        known = real_models(scenario, beside)
        catalogue = world_catalogue(scenario, known)
        look_at = looked_at(scenario, catalogue, _taken_out(document, known))
        near = beside / scenario.observation.label_paths
        classifier = Classifier(scenario, beside if near.is_file() else WORLDS, draws)
    except (ProblemAt, CatalogueError) as error:
        raise _as_scenario_error(error, document) from None
    scenario = scenario.model_copy(update={"look_at": look_at})
    told = tuple(document.problem(n.path, n.message, n.hint, n.at_key) for n in notices(scenario, catalogue))
    return World(scenario, catalogue, draws, _world_name(path), classifier, told)


def _taken_out(document: Document, known: Catalogue) -> Container[str]:
    """Models that a scenario or `--set` may have taken out of the market after `look_at` was stated: all real ones and
    those removed by `~`, where anything was read after it."""
    if document.mark(("look_at",)).file == document.top:
        return ()
    models = document.node(("models",))
    removed = set(models.removed) if isinstance(models, Keys) else set()
    return removed | {model.slug for model in known.models}


def _world_name(path: str | Path) -> str:
    """The file's name without its ending; before that of a shipped world in a folder, the folder: nulls-whale."""
    file = Path(path).resolve()
    inside = file.relative_to(WORLDS).parts[:-1] if file.is_relative_to(WORLDS) else ()
    return "-".join((*inside, Path(path).stem))


def _as_scenario_error(error: ProblemAt | CatalogueError, document: Document) -> ScenarioError:
    if isinstance(error, CatalogueError):
        return ScenarioError([Problem(f.file, f.line, 1, f.column, f.message) for f in error.faults])
    return ScenarioError([document.problem(error.path, error.message, error.hint, at_key=error.at_key)])


@cache
def source_digest() -> str:
    """Hash of the source that makes a world, the simulator's and the contract's: another version is another world.
    Read once, like the code that runs."""
    parts = hashlib.sha256()
    for home in (Path(__file__).parent, Path(contract.__file__).parent):
        for file in sorted(home.rglob("*.py")):
            parts.update(
                f"{home.name}/{file.relative_to(home).as_posix()}".encode() + b"\0" + file.read_bytes()
            )
    return parts.hexdigest()
