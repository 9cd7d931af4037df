"""The house is as its page draws it: current, without circles, no room too full."""

from __future__ import annotations

from tests import house

MOST_FILES = 14
"""In a folder, `__init__.py` among them."""


def test_the_drawing_follows_from_the_imports():
    text = house.PAGE.read_text(encoding="utf-8")
    assert text == house.page(text), "docs/architecture.md is out of date: python -m tests.house"


def test_no_file_imports_another_in_a_circle():
    assert house.circles(house.imports()) == []


def test_circles_are_seen():
    assert house.circles(frozenset({("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")})) == [["a", "b", "c"]]


def test_each_floor_imports_only_from_itself_and_from_below():
    for package in house.PACKAGES:
        height = {name: -n for n, names in enumerate(house.floors(package)) for name in names}
        assert set(height) == {name for name in house.rooms() if name.split("/")[0] == package}
        for above, below in house.arrows():
            if above in height and below in height:
                assert height[above] >= height[below], f"{above} imports {below}"


def test_no_room_is_crowded():
    folders = {path.parent for path in house.files().values()}
    counts = {folder.relative_to(house.ROOT).as_posix(): len(list(folder.glob("*.py"))) for folder in folders}
    assert {name: count for name, count in counts.items() if count > MOST_FILES} == {}


def test_every_room_says_its_job():
    assert not [name for name in house.rooms() if len(house.job(name)) < 10]
