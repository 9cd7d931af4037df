"""The slipper as a claim about causes: the same market twice, with all luck shared and one cause changed."""

from __future__ import annotations

from typing import NamedTuple

from lessons.experiments.launch import Launch, launch

FIT_OFF = ("mechanisms.fit=off",)
NOT_FIRST = ("models.early/equal.released=2024-11-20",)
NO_RIVAL = ("models.rival/later.released=2026-01-01",)
NO_LOCK_IN = ("mechanisms.lock_in=off",)


class Market(NamedTuple):
    """A shipped world and the model whose launch is looked at. causes: by the name of a cause, the twin that lacks it,
    a world and settings."""

    world: str
    model: str
    causes: dict[str, tuple[str, tuple[str, ...]]]

    def launch(self, seed: int) -> Launch:
        """The launch month as it is."""
        return launch(self.world, self.model, (), seed)

    def without(self, cause: str, seed: int) -> Launch:
        """The launch month in the twin that lacks one of the market's causes, with the same luck."""
        world, settings = self.causes[cause]
        return launch(world, self.model, settings, seed)


_SLIPPER, _FIRST = "lessons/glass-slipper", "lessons/early-adopters"
FIT, BEING_FIRST, RIVAL, LOCK_IN = "fit", "being the first that fits", "the rival", "lock-in"
ENTHUSIASTS = "enthusiasts who come first"
MARKETS: dict[str, Market] = {
    "market 1": Market(_SLIPPER, "new/frontier", {
        FIT: (_SLIPPER, FIT_OFF), BEING_FIRST: (_SLIPPER, NOT_FIRST), RIVAL: (_SLIPPER, NO_RIVAL),
        LOCK_IN: (_SLIPPER, NO_LOCK_IN),
    }),
    "market 2": Market(_FIRST, "new/focal", {
        FIT: (_FIRST, FIT_OFF), ENTHUSIASTS: ("lessons/four-launches", ()),
    }),
    "market 3": Market("lessons/equal-stickiness", "new/focal", {}),
}  # fmt: skip
"""1: work waits for the first model that fits it. 2: no model fits better than another, and enthusiasts come first.
3: everybody stays, whenever he came: the negative control."""
CAUSES = (FIT, BEING_FIRST, RIVAL, LOCK_IN, ENTHUSIASTS)
SLIPPER, ENTHUSIASM, ALL_STAY = MARKETS.values()
