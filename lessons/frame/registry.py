"""All lessons, found in `lessons/course`: a file with a `LESSON` is one, so that a new one joins by itself."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from lessons import course
from lessons.frame.lesson import Lesson


@cache
def lessons() -> dict[int, Lesson]:
    """The lessons by number, in order."""
    modules = (
        importlib.import_module(f"{course.__name__}.{found.name}")
        for found in pkgutil.iter_modules(course.__path__)
    )
    found = sorted((m.LESSON for m in modules if hasattr(m, "LESSON")), key=lambda one: one.number)
    numbers = [one.number for one in found]
    if twice := {n for n in numbers if numbers.count(n) > 1}:
        raise ValueError(f"two lessons have the number {min(twice)}")
    return {one.number: one for one in found}
