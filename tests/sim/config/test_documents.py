"""Scenario documents: YAML, positions, `extends`, overrides. Messages about the schema are in test_schema_errors.py."""

import datetime as dt
import json
import math
import os
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.config.documents import Document, Mark, Problem, ScenarioError, load_document
from sim.config.nodes import MAX_DEPTH, MAX_NODES, resolve
from sim.settings.distributions import FAMILIES


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(folder: Path, text: str | bytes, *overrides: str) -> Document:
    file = folder / "a.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_document(file, overrides, alternatives=FAMILIES)


def refused(folder: Path, text: str | bytes, *overrides: str) -> list[Problem]:
    with pytest.raises(ScenarioError) as caught:
        load(folder, text, *overrides)
    return list(caught.value.problems)


def files(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text)


# --- scalars --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("off", "off"),
        ("Yes", "Yes"),
        ("y", "y"),
        ("12:30", "12:30"),
        ("1:30:00", "1:30:00"),
        ("true", True),
        ("FALSE", False),
        ("12", 12),
        ("-7", -7),
        ("+7", 7),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("1e-3", 1e-3),
        ("2E5", 2e5),
        (".5", 0.5),
        ("1.", 1.0),
        ("-0.25", -0.25),
        (".inf", math.inf),
        ("-.Inf", -math.inf),
        ("1_000", "1_000"),
        ("1,000", "1,000"),
        ("2025-05-22", dt.date(2025, 5, 22)),
        ("2024-02-29", dt.date(2024, 2, 29)),
        ("2025-02-29", "2025-02-29"),
        ("2025-13-01", "2025-13-01"),
        ("0000-01-01", "0000-01-01"),
        ("2025-5-2", "2025-5-2"),
        ("2025-05-22T10:00:00Z", "2025-05-22T10:00:00Z"),
        ("~", None),
        ("null", None),
        ("=", "="),
        ("0b11", "0b11"),
        ("١٢", "١٢"),
    ],
)
def test_plain_scalars_follow_yaml_1_2(folder: Path, text: str, value: Any) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)
    assert load(folder, f"key: {text}\n").tree == {"key": value}


def test_a_text_that_was_read_before_is_as_it_was(folder: Path) -> None:
    text = "a: {b: 1, c: 2}\nd: [1]"
    first = load(folder, text).tree
    assert load(folder, text, "a.b=5", "a.e=7", "d=[3]").tree == {"a": {"b": 5, "c": 2, "e": 7}, "d": [3]}
    assert load(folder, text).tree == first == {"a": {"b": 1, "c": 2}, "d": [1]}


def test_not_a_number() -> None:
    assert math.isnan(resolve(".nan"))  # type: ignore[arg-type]


def test_quoted_and_block_scalars_are_text(folder: Path) -> None:
    tree = load(folder, "a: '12'\nb: \"2025-05-22\"\nc: |\n  12\nd: >-\n  off\ne: ''\n").tree
    assert tree == {"a": "12", "b": "2025-05-22", "c": "12\n", "d": "off", "e": ""}


def test_keys_are_text_as_written(folder: Path) -> None:
    tree = load(folder, "2025-05-22: 1\n12: 2\noff: 3\n1e3: 4\n~: 5\n'': 6\nopenai/gpt-4.1: {}\n").tree
    assert list(tree) == ["2025-05-22", "12", "off", "1e3", "~", "", "openai/gpt-4.1"]


def test_anchors_and_aliases(folder: Path) -> None:
    document = load(folder, "a: &x {p: 1}\nb: *x\nc: [*x, &y 2, *y]\n")
    assert document.tree == {"a": {"p": 1}, "b": {"p": 1}, "c": [{"p": 1}, 2, 2]}
    assert document.mark(("b",), key=True) == Mark("a.yaml", 2, 1)
    assert document.mark(("b", "p")) == Mark("a.yaml", 1, 11)


def test_an_anchor_can_be_given_again(folder: Path) -> None:
    assert load(folder, "a: &x 1\nb: *x\nc: &x 2\nd: *x\n").tree == {"a": 1, "b": 1, "c": 2, "d": 2}


def test_a_byte_order_mark_and_windows_line_ends(folder: Path) -> None:
    document = load(folder, b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert document.tree == {"a": 1, "b": 2}
    assert document.mark(("b",)) == Mark("a.yaml", 2, 4)
    assert document.source_line(document.mark(("b",))) == "b: 2"


# --- unreadable -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("", 1, 1, "the file is empty"),
        ("\n# only a comment\n", 1, 1, "the file is empty"),
        ("- 1\n- 2\n", 1, 1, "expected keys with values"),
        ("just text\n", 1, 1, "expected keys with values"),
        ("# a\n\n12\n", 3, 1, "expected keys with values"),
        ("a: 1\n---\nb: 2\n", 2, 1, "a second document starts here"),
        ("a:\n\tb: 1\n", 2, 1, "a tab cannot stand here"),
        ("a: 1\nb: c: d\n", 2, 5, "a second ':' on this line"),
        ("a: 1\nbcd\ne: 2\n", 2, 1, "a key without ':'"),
        ("a: 'open\nb: 1\n", 3, 1, "ends too early"),
        ("a: [1, 2\nb: 1\n", 2, 2, "unreadable YAML"),
        ("a: @x\n", 1, 4, "unreadable YAML"),
        ("a: *x\n", 1, 4, "alias *x has no anchor &x before it"),
        ("a: &x [1, *x]\n", 1, 11, "alias *x stands inside the value that it repeats"),
        ("a: 1\na: 2\n", 2, 1, "key 'a' is given twice; first at line 1, column 1"),
        ("s:\n  a: 1\n  b: 2\n  a: 3\n", 4, 3, "key 'a' is given twice; first at line 2, column 3"),
        ("a: &x {p: 1}\nb:\n  <<: *x\n", 3, 3, "merge keys (<<) are not supported"),
        ("a: !!int 3\n", 1, 4, "tags such as tag:yaml.org,2002:int are not supported"),
        ("a: !!python/object/apply:os.system [ls]\n", 1, 4, "tags such as"),
        ("a: ! 3\n", 1, 4, "tags such as"),
        ("? [a, b]\n: 1\n", 1, 3, "a mapping or a list cannot be a key"),
        ("a: {{x}}\n", 1, 5, "a mapping or a list cannot be a key"),
        ("a: &x 1\n*x : 2\n", 2, 1, "an alias cannot be a key"),
        (": 1\n", 1, 1, "a key is missing before ':'"),
        ("?\n: 1\n", 1, 2, "a key is missing before ':'"),
        ("a:\n  b: 1\n c: 2\n", 3, 2, "the indentation does not match the lines above"),
        ("a: {: 1}\n", 1, 5, "a key is missing before ':'"),
        ("a: 1\nb:\n", 2, 1, "key 'b' has no value"),
        ("a:\n  # b: 1\nc: 1\n", 1, 1, "key 'a' has no value"),
        ("a:\n  - 1\n  -\n", 3, 4, "a list item has no value"),
        ("a: 1\nb: x\x00y\n", 2, 5, "character U+0000 is not allowed in YAML"),
        ('a: 1\nb: "\\ud800"\n', 2, 4, "half of a character"),
        ('a: 1\nb: "\\UFFFFFFFF"\n', 2, 1, "not a Unicode character"),
        ("a: " + "9" * 5000, 1, 4, "a number of 5000 digits is too long"),
        (b"a: 1\nb: caf\xe9\n", 2, 7, "not text in UTF-8"),
        (b"\xff\xfea\x00", 1, 1, "not text in UTF-8"),
        (b"\x7fELF\x02\x01\x01\x00", 1, 1, "is not allowed in YAML"),
        (b"\x1f\x8b\x08\x00\x00", 1, 2, "not text in UTF-8"),
    ],
)
def test_one_clear_message(folder: Path, text: str | bytes, line: int, column: int, message: str) -> None:
    (problem,) = refused(folder, text)
    assert message in problem.message
    assert (problem.file, problem.line, problem.column) == ("a.yaml", line, column)


def test_several_refusals_are_told_at_once(folder: Path) -> None:
    problems = refused(folder, "a: 1\na: 2\nb:\nb: 3\n")
    assert [(p.line, p.column) for p in problems] == [(2, 1), (3, 1), (4, 1)]


def test_a_missing_file_names_the_nearest(folder: Path) -> None:
    files(folder, report="a: 1\n")
    for name, hint in (
        ("reprot.yaml", "did you mean 'report.yaml'?"),
        ("report", "did you mean 'report.yaml'?"),
        ("zz", ""),
    ):
        with pytest.raises(ScenarioError) as caught:
            load_document(name)
        (problem,) = caught.value.problems
        assert str(problem).startswith(f"{name}:1:1: no such file")
        assert problem.hint == hint


def test_what_is_no_file(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to("loop")
    for name, message in (
        (".", "folder"),
        ("pipe", "not an ordinary file"),
        ("loop", "cannot be read (too many levels of symbolic links)"),
        ("x" * 300, "cannot be read (file name too long)"),
        ("a\0b", "not the name of a file"),
    ):
        with pytest.raises(ScenarioError) as caught:
            load_document(name)
        assert message in str(caught.value)


def test_no_permission(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files(folder, a="a: 1\n")

    def denied(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", denied)  # a mode of 000 does not stop the superuser
    with pytest.raises(ScenarioError, match=r"a\.yaml:1:1: cannot be read \(permission denied\)"):
        load_document("a.yaml")


# --- bounds ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["a: " + "[" * 100_000, "a: " + "{a: " * 100_000, "- " * 100_000, "? " * 100_000]
)
def test_deep_nesting_is_a_problem(folder: Path, text: str) -> None:
    started = time.perf_counter()
    (problem,) = refused(folder, text)
    assert "nested too deeply" in problem.message or "cannot be a key" in problem.message
    assert time.perf_counter() - started < 5


def test_deep_nesting_by_indentation_is_a_problem(folder: Path) -> None:
    (problem,) = refused(folder, "".join(f"{' ' * depth}a:\n" for depth in range(1000)))
    assert f"nested too deeply (more than {MAX_DEPTH} levels)" in problem.message
    assert problem.line == MAX_DEPTH + 1


def test_the_deepest_that_is_allowed(folder: Path) -> None:
    depth = MAX_DEPTH - 1
    assert load(folder, f"a: {'[' * depth}1{']' * depth}\n").tree
    assert "nested too deeply" in refused(folder, f"a: {'[' * (depth + 1)}1{']' * (depth + 1)}\n")[0].message


def test_aliases_do_not_hide_depth(folder: Path) -> None:
    text = "a0: &a0 [1]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 200))
    assert "nested too deeply" in refused(folder, text)[0].message


def test_alias_bombs_are_a_problem(folder: Path) -> None:
    text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    text += "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12))
    started = time.perf_counter()
    (problem,) = refused(folder, text)
    assert f"more than {MAX_NODES:,} values" in problem.message
    assert time.perf_counter() - started < 2


def test_long_files_are_a_problem(folder: Path) -> None:
    (problem,) = refused(folder, "a: 1\n" + "# comment\n" * 200_000)
    assert "too long" in problem.message


def test_long_override_paths_are_a_problem(folder: Path) -> None:
    (problem,) = refused(folder, "a: 1\n", ".".join(["a"] * 100_000) + "=1")
    assert "nested too deeply" in problem.message


# --- extends --------------------------------------------------------------------------------------------------------


def test_a_child_is_merged_over_its_parent(folder: Path) -> None:
    files(
        folder,
        base="title: base\nusers: 10\nsection:\n  a: 1\n  b: [1, 2]\n  c: {d: 1, e: 2}\n",
        child="extends: base.yaml\ntitle: child\nsection:\n  b: [3]\n  c:\n    d: 9\n  f: 5\n",
    )
    document = load_document("child.yaml")
    assert document.tree == {
        "title": "child",
        "users": 10,
        "section": {"a": 1, "b": [3], "c": {"d": 9, "e": 2}, "f": 5},
    }
    expected = {
        ("title",): ("child.yaml", 2, 8),
        ("users",): ("base.yaml", 2, 8),
        ("section",): ("child.yaml", 3, 1),
        ("section", "a"): ("base.yaml", 4, 6),
        ("section", "b"): ("child.yaml", 4, 6),
        ("section", "b", 0): ("child.yaml", 4, 7),
        ("section", "c"): ("child.yaml", 5, 3),
        ("section", "c", "d"): ("child.yaml", 6, 8),
        ("section", "c", "e"): ("base.yaml", 6, 16),
        ("section", "f"): ("child.yaml", 7, 6),
    }
    assert {path: document.mark(path) for path in expected} == {
        path: Mark(*at) for path, at in expected.items()
    }
    assert document.mark(("section", "c", "e"), key=True) == Mark("base.yaml", 6, 13)
    assert document.source_line(document.mark(("section", "c", "e"))) == "  c: {d: 1, e: 2}"
    assert document.files == ("child.yaml", "base.yaml")


def test_a_path_that_leads_nowhere_has_the_mark_of_its_nearest_ancestor(folder: Path) -> None:
    document = load(folder, "# header\nusers: 3\nsection:\n  a: {b: [1]}\n")
    assert document.mark(()) == Mark("a.yaml", 2, 1)
    assert document.mark(("nowhere", "at", "all")) == Mark("a.yaml", 2, 1)
    assert document.mark(("section", "x")) == Mark("a.yaml", 3, 1)
    assert document.mark(("section", "a", "b", 7)) == Mark("a.yaml", 4, 10)
    assert document.mark(("users", "x")) == Mark("a.yaml", 2, 8)
    assert document.node(("section", "x")) is None


def test_a_problem_made_later_has_its_place(folder: Path) -> None:
    document = load(folder, "models:\n  a/b.c: {successor: x}\n")
    problem = document.problem(("models", "a/b.c", "successor"), "unknown model 'x'", "did you mean 'y'?")
    assert str(problem) == "a.yaml:2:22: models.\"a/b.c\".successor: unknown model 'x'; did you mean 'y'?"
    assert problem.source == "  a/b.c: {successor: x}"
    assert document.problem(("models", "a/b.c"), "no", at_key=True).column == 3


def test_null_removes_what_is_inherited_only(folder: Path) -> None:
    files(
        folder,
        base="a: 1\nb: {c: 1, d: 2}\n",
        child="extends: base.yaml\na: ~\nb: {c: null}\nnew: ~\n",
        grandchild="extends: child.yaml\nb: {c: 7}\n",
    )
    document = load_document("child.yaml")
    assert document.tree == {"b": {"d": 2}, "new": None}
    assert document.mark(("a",)) == Mark("child.yaml", 2, 4)
    assert document.mark(("b", "c")) == Mark("child.yaml", 3, 8)
    again = load_document("grandchild.yaml")
    assert again.tree == {"b": {"c": 7, "d": 2}, "new": None}
    assert again.mark(("b", "c")) == Mark("grandchild.yaml", 2, 8)


def test_scalars_and_mappings_replace_each_other(folder: Path) -> None:
    files(folder, base="a: 1\nb: {c: 1}\n", child="extends: base.yaml\na: {x: 1}\nb: off\n")
    assert load_document("child.yaml").tree == {"a": {"x": 1}, "b": "off"}


def test_a_distribution_of_another_family_replaces(folder: Path) -> None:
    files(
        folder,
        base="h: {normal: {mean: 1, sd: 2}}\ng: {normal: {mean: 1, sd: 2}}\n",
        child="extends: base.yaml\nh: {lognormal: {median: 3, sigma: 1}}\ng: {normal: {sd: 5}}\n",
    )
    assert load_document("child.yaml", alternatives=FAMILIES).tree == {
        "h": {"lognormal": {"median": 3, "sigma": 1}},
        "g": {"normal": {"mean": 1, "sd": 5}},
    }
    assert load_document("base.yaml", ["h.lognormal.median=3"], alternatives=FAMILIES).tree["h"] == {
        "lognormal": {"median": 3}
    }


def test_a_timeline_replaces_and_an_override_sets_one_date(folder: Path) -> None:
    files(
        folder, base="t: {2024-01-01: 1, 2025-01-01: 2}\n", child="extends: base.yaml\nt: {2024-06-01: 5}\n"
    )
    assert load_document("child.yaml").tree == {"t": {"2024-06-01": 5}}
    files(folder, child="extends: base.yaml\nt: {curve: {start: 1, end: 3}}\n")
    files(folder, grandchild="extends: child.yaml\nt: {curve: {end: 4}}\n")
    assert load_document("grandchild.yaml").tree == {"t": {"curve": {"start": 1, "end": 4}}}
    document = load_document("base.yaml", ["t.2024-06-01=5", "t.2025-01-01=9"])
    assert list(document.tree["t"].items()) == [("2024-01-01", 1), ("2024-06-01", 5), ("2025-01-01", 9)]


def test_extends_is_relative_to_its_file(folder: Path) -> None:
    (folder / "deep" / "er").mkdir(parents=True)
    files(folder, base="a: 1\n")
    (folder / "deep" / "mid.yaml").write_text("extends: ../base.yaml\nb: 2\n")
    (folder / "deep" / "er" / "leaf.yaml").write_text("extends: ../mid.yaml\nc: 3\n")
    document = load_document("deep/er/leaf.yaml")
    assert document.tree == {"a": 1, "b": 2, "c": 3}
    assert document.files == ("deep/er/leaf.yaml", "deep/mid.yaml", "base.yaml")


def test_files_outside_the_current_folder_are_named_as_given(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files(folder, a="x: 1\n")
    (folder / "here").mkdir()
    monkeypatch.chdir(folder / "here")
    assert load_document("../a.yaml").files == ("../a.yaml",)
    assert load_document(folder / "a.yaml").files == (str(folder / "a.yaml"),)
    monkeypatch.chdir(folder)
    assert load_document(folder / "a.yaml").files == ("a.yaml",)


def test_a_document_extends_what_is_named_where_no_file_is_called_so(folder: Path) -> None:
    shelf = folder / "shelf"
    shelf.mkdir()
    files(shelf, ready="title: ready\nusers: 5\n", inner="extends: ready.yaml\nusers: 6\n")
    named = {"ready": shelf / "ready.yaml", "nulls/inner": shelf / "inner.yaml"}
    files(folder, a="extends: ready\nseed: 1\n", b="extends: nulls/inner\n", c="extends: ./ready\n")
    assert load_document("a.yaml", named=named).tree == {"title": "ready", "users": 5, "seed": 1}
    assert load_document("b.yaml", named=named).tree == {"title": "ready", "users": 6}
    (folder / "ready").mkdir()
    assert load_document("a.yaml", named=named).tree["users"] == 5  # a folder is no file
    (folder / "ready").rmdir()
    (folder / "ready").write_text("title: mine\n")
    assert load_document("a.yaml", named=named).tree == {"title": "mine", "seed": 1}
    (folder / "ready").unlink()
    with pytest.raises(ScenarioError, match=r"c\.yaml:1:10: extends: 'ready': no such file"):
        load_document("c.yaml", named=named)


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("redy", "did you mean 'ready'?"),
        ("ready.yaml", "did you mean 'ready', which is shipped?"),
        ("nulls/iner", "did you mean 'nulls/inner'?"),
        ("basis.yml", "did you mean 'basis.yaml'?"),
    ],
)
def test_a_name_that_nothing_has_is_told_with_the_nearest(folder: Path, given: str, hint: str) -> None:
    files(folder, a=f"extends: {given}\n", basis="users: 1\n")
    with pytest.raises(ScenarioError) as caught:
        load_document("a.yaml", named={"ready": folder / "x.yaml", "nulls/inner": folder / "y.yaml"})
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.column, problem.hint) == ("a.yaml", 1, 10, hint)


def test_a_value_with_an_option_of_its_own_is_told_by_it(folder: Path) -> None:
    files(folder, a="users: 1\nseed: 1\n")
    document = load_document("a.yaml", ["seed=2"], options={"users": 7})
    assert document.tree == {"users": 7, "seed": 2}
    assert (document.mark(("users",)), document.mark(("seed",))) == (
        Mark("--users", 1, 7),
        Mark("--set", 1, 6),
    )
    assert document.source_line(document.mark(("users",))) == "users=7"
    assert document.files == ("a.yaml", "--set", "--users")


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_circle_is_named_where_it_closes(folder: Path, length: int) -> None:
    names = ["a", "b", "c"][:length]
    for name, following in zip(names, [*names[1:], names[0]], strict=True):
        files(folder, **{name: f"title: {name}\nextends: {following}.yaml\n"})
    with pytest.raises(ScenarioError) as caught:
        load_document("a.yaml")
    (problem,) = caught.value.problems
    assert problem.message == "extends goes in a circle: " + " -> ".join(f"{n}.yaml" for n in [*names, "a"])
    assert (problem.file, problem.line, problem.column, problem.path) == (
        f"{names[-1]}.yaml",
        2,
        10,
        "extends",
    )


def test_a_circle_further_up_names_its_own_files_only(folder: Path) -> None:
    (folder / "link.yaml").symlink_to("b.yaml")
    files(folder, a="extends: b.yaml\n", b="extends: c.yaml\n", c="extends: ./link.yaml\n")
    with pytest.raises(ScenarioError, match=r"c\.yaml:1:10: extends: .*: b\.yaml -> c\.yaml -> b\.yaml"):
        load_document("a.yaml")


@pytest.mark.parametrize(
    ("value", "column", "message"),
    [
        ("bsae.yaml", 10, "'bsae.yaml': no such file; did you mean 'base.yaml'?"),
        (".", 10, "this is a folder"),
        ("[base.yaml]", 10, "expected the name of one file; to extend several, let one extend the next"),
        ("12", 10, "expected the name of one file"),
        ("''", 10, "expected the name of one file"),
        ("~", 10, "expected the name of one file"),
        ("{base: yaml}", 10, "expected the name of one file"),
        ('"a\\0b"', 10, "this is not the name of a file"),
    ],
)
def test_extends_nothing(folder: Path, value: str, column: int, message: str) -> None:
    files(folder, base="a: 1\n")
    (problem,) = refused(folder, f"extends: {value}\n")
    assert message in str(problem)
    assert (problem.file, problem.line, problem.column, problem.path) == ("a.yaml", 1, column, "extends")
    assert problem.source == f"extends: {value}"


def test_a_broken_parent_is_told_in_its_own_file(folder: Path) -> None:
    files(folder, base="a: 1\nb: [\n")
    (problem,) = refused(folder, "extends: base.yaml\n")
    assert (problem.file, problem.line) == ("base.yaml", 3)


values = st.recursive(
    st.integers(-9, 9) | st.sampled_from(["x", "on"]) | st.lists(st.integers(0, 3), max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, min_size=1, max_size=3),
    max_leaves=8,
)
mappings = st.dictionaries(st.sampled_from("abc"), values, min_size=1, max_size=3)


def merged(base: Any, over: Any) -> Any:
    """The rule of merging, without removals, in the plainest words."""
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over
    return {
        key: merged(base.get(key, {}), over[key]) if key in over else base[key] for key in {**base, **over}
    }


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(mappings, mappings, mappings)
def test_merging_is_the_plain_rule_and_associative(folder: Path, a: Any, b: Any, c: Any) -> None:
    files(
        folder,
        a=json.dumps(a),
        b=json.dumps({**b, "extends": "a.yaml"}),
        c=json.dumps({**c, "extends": "b.yaml"}),
    )
    tree = load_document("c.yaml").tree
    assert tree == merged(merged(a, b), c)
    files(folder, bc=json.dumps({**merged(b, c), "extends": "a.yaml"}))
    if _no_kind_changes(a, b, c):
        assert load_document("bc.yaml").tree == tree


def _no_kind_changes(a: Any, b: Any, c: Any) -> bool:
    """Whether no key is a mapping in one document and something else in another, where order matters."""
    given = [x for x in (a, b, c) if x is not None]
    if all(isinstance(x, dict) for x in given):
        keys = {key for x in given for key in x}
        return all(
            _no_kind_changes(*(x.get(key) if isinstance(x, dict) else None for x in (a, b, c)))
            for key in keys
        )
    return not any(isinstance(x, dict) for x in given)


# --- overrides ------------------------------------------------------------------------------------------------------

BASE = """\
users: 10
models:
  openai/gpt-4.1: {released: 2025-04-14}
  new/one: {price: 1}
events: [{at: 1}, {at: 2}]
"""


@pytest.mark.parametrize(
    ("override", "path", "value", "column"),
    [
        ("users=20", ("users",), 20, 7),
        ("users= 20", ("users",), 20, 8),
        ("users=2e5", ("users",), 2e5, 7),
        ("mechanisms.fit=off", ("mechanisms", "fit"), "off", 16),
        ("start=2024-08-01", ("start",), dt.date(2024, 8, 1), 7),
        ("title='a=b'", ("title",), "a=b", 7),
        ("title=a=b", ("title",), "a=b", 7),
        ("models.new/one.price=2", ("models", "new/one", "price"), 2, 22),
        (
            'models."openai/gpt-4.1".released=2024-08-01',
            ("models", "openai/gpt-4.1", "released"),
            dt.date(2024, 8, 1),
            34,
        ),
        ("models.'openai/gpt-4.1'.released=x", ("models", "openai/gpt-4.1", "released"), "x", 34),
        ("events.1.at=5", ("events", 1, "at"), 5, 13),
        ("events=[]", ("events",), [], 8),
        ("events.+={at: 3}", ("events", 2, "at"), 3, 15),
        ("events.+.at=3", ("events", 2, "at"), 3, 13),
        ("models={new/two: {price: 3}}", ("models", "new/two", "price"), 3, 26),
        ("users.deep=1", ("users", "deep"), 1, 12),
    ],
)
def test_override(folder: Path, override: str, path: tuple[str | int, ...], value: Any, column: int) -> None:
    document = load(folder, BASE, "seed=1", override)
    inner: Any = document.tree
    for part in path:
        inner = inner[part]
    assert inner == value
    assert type(inner) is type(value)
    assert document.mark(path) == Mark("--set", 2, column)
    assert document.source_line(document.mark(path)) == override
    assert document.tree["seed"] == 1


def test_overrides_merge_remove_and_leave_the_rest(folder: Path) -> None:
    document = load(
        folder, BASE, "models.new/one={tools: true}", "users=~", "events.0=~", "users=5", "users=6"
    )
    assert document.tree["models"]["new/one"] == {"price": 1, "tools": True}
    assert document.tree["events"] == [None, {"at": 2}]
    assert document.tree["users"] == 6
    assert document.mark(("models", "new/one", "price")) == Mark("a.yaml", 4, 20)
    gone = load(folder, BASE, "models.new/one=~")
    assert list(gone.tree["models"]) == ["openai/gpt-4.1"]
    assert gone.mark(("models", "new/one")) == Mark("--set", 1, 16)


def test_an_item_is_added_to_a_list_or_begins_one(folder: Path) -> None:
    document = load(folder, BASE, "events.+={at: 3}", "events.+={at: 4}", "waves.+=5", "events.2.at=6")
    assert document.tree["events"][1:] == [{"at": 2}, {"at": 6}, {"at": 4}]
    assert document.tree["waves"] == [5]
    assert document.mark(("events", 0, "at")).file == "a.yaml"
    emptied = load(folder, BASE, "events=~", "events.+=1")
    assert emptied.tree["events"] == [1]


@pytest.mark.parametrize(
    ("override", "column", "message"),
    [
        ("users.+=3", 7, "+ adds an item to a list, this is none"),
        ("users", 6, "expected '=' and a value"),
        ("", 1, "expected a key here"),
        ("=3", 1, "expected a key here"),
        ("a..b=3", 3, "expected a key here"),
        ("a.=3", 3, "expected a key here"),
        ('a."b=3', 3, "expected a key here"),
        ('"a"b=3', 4, "expected '=' and a value"),
        ("users=", 7, "no value after '='"),
        ("users=[1", 9, "unreadable YAML"),
        ("users=a: b: c", 11, "a second ':'"),
        ("users=!!int 3", 7, "tags such as"),
        ("users={a: 1, a: 2}", 14, "key 'a' is given twice; first at line 1, column 8"),
        ("extends=b.yaml", 1, "extends cannot be overridden"),
        ("events.2.at=1", 8, "this list has no item 2; items: 0 to 1; + adds one"),
        ("events.x=1", 8, "this list has no item x; items: 0 to 1"),
        ("events.-1=1", 8, "this list has no item -1"),
        ("models.openai/gpt-4.1.released=1", 8, "the key 'openai/gpt-4.1' holds a dot"),
        ("a=1\nb=2", 1, "an override is one line"),
    ],
)
def test_refused_override(folder: Path, override: str, column: int, message: str) -> None:
    (problem,) = refused(folder, BASE, override)
    assert message in str(problem)
    assert (problem.file, problem.line, problem.column) == ("--set", 1, column)
    assert problem.source == override.split("\n")[0]


def test_all_bad_overrides_are_told(folder: Path) -> None:
    problems = refused(folder, BASE, "users=3", "x", "events.9=1")
    assert [(p.line, p.column) for p in problems] == [(2, 2), (3, 8)]


# --- anything -------------------------------------------------------------------------------------------------------

yamlish = st.text(
    alphabet=st.sampled_from("ab1:-[]{},&*!|>'\"#%@`?~<\\uU0 \t\n\r\x85\u2028\ufeff.=/\x00"), max_size=60
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=400)
@given(yamlish | st.text(max_size=60) | st.binary(max_size=60))
def test_any_file_is_a_document_or_a_problem_within_it(folder: Path, content: str | bytes) -> None:
    data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    try:
        document = load(folder, data)
    except ScenarioError as error:
        for problem in error.problems:
            assert problem.line >= 1
            assert problem.column >= 1
            assert problem.message
        assert str(error)
    else:
        for path in [(), *((key,) for key in document.tree)]:
            assert document.source_line(document.mark(path, key=True)) or path == ()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(yamlish | st.text(max_size=40))
def test_any_override_is_a_document_or_a_problem(folder: Path, override: str) -> None:
    try:
        document = load(folder, BASE, override)
    except ScenarioError as error:
        assert all(problem.file == "--set" and problem.line == 1 for problem in error.problems)
        str(error)
    else:
        assert isinstance(document.tree, dict)
