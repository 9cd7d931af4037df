"""The model catalogue: public facts about models, and the latent parameters that the simulation adds.

A folder holds six CSV files (`models`, `prices`, `free_windows`, `providers`, `tool_training`, `abilities`; the columns
are explained in its README). `load_catalogue` reads and checks them all; whatever is wrong is reported as
`FILE:LINE:COLUMN: message`.
"""

from sim.catalogue.faults import CatalogueError, Fault
from sim.catalogue.models import (
    Catalogue,
    CatalogueModel,
    FreeWindow,
    ModelFacts,
    ModelLatent,
    PricePoint,
    ProviderShare,
)
from sim.catalogue.models_table import MODELS_SCHEMA, write_models_table
from sim.catalogue.names import nearest_name
from sim.catalogue.reading import load_catalogue

__all__ = [
    "MODELS_SCHEMA", "Catalogue", "CatalogueError", "CatalogueModel", "Fault", "FreeWindow", "ModelFacts",
    "ModelLatent", "PricePoint", "ProviderShare", "load_catalogue", "nearest_name", "write_models_table",
]  # fmt: skip
