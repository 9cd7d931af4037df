"""Reads a file and those that it extends: `extends: other.yaml`, or the name of a shipped one."""

from __future__ import annotations

import os
from collections.abc import Sequence as Items
from dataclasses import replace
from pathlib import Path as FilePath

from analysis.contract.nearest_names import did_you_mean
from sim.config.nodes import Mapping, Scalar, Sequence, compose, source_lines
from sim.config.problems import Problem, ScenarioError, problem_in


def chain(path: str, sources: dict[str, list[str]], named: dict[str, FilePath]) -> list[Mapping]:
    """The mappings of a file and of all that it extends, the file's own first; the key `extends` is taken out."""
    chain: list[Mapping] = []
    seen: list[str] = []
    blame: Problem | None = None
    while True:
        text, name = _read(path, blame, named)
        real = os.path.realpath(path)
        if blame is not None and real in seen:
            circle = " -> ".join(_shown(file) for file in [*seen[seen.index(real) :], real])
            raise ScenarioError([replace(blame, message=f"extends goes in a circle: {circle}")])
        seen.append(real)
        sources[name] = source_lines(text)
        node = compose(text, name)
        if node is None:
            hint = "write at least one 'key: value'"
            raise ScenarioError([Problem(name, 1, 1, "", "the file is empty", hint)])
        if not isinstance(node, Mapping):
            hint = "begin with lines such as 'title: words'"
            raise ScenarioError([problem_in(node.mark, sources, "", "expected keys with values", hint)])
        entries = dict(node.entries)
        parent = entries.pop("extends", None)
        chain.append(replace(node, entries=entries))
        if parent is None:
            return chain
        blame = problem_in(parent.node.mark, sources, "extends", "expected the name of one file")
        target = parent.node.value if isinstance(parent.node, Scalar) else None
        if not isinstance(target, str) or not target:
            hint = "to extend several, let one extend the next" if isinstance(parent.node, Sequence) else ""
            raise ScenarioError([replace(blame, hint=hint)])
        path = os.path.join(os.path.dirname(path), target)
        if target in named and not os.path.isfile(path):
            path = os.fspath(named[target])


def _read(path: str, blame: Problem | None, named: dict[str, FilePath]) -> tuple[str, str]:
    """A file's text and its name as printed; a file that cannot be read is a problem, at `blame` if there is one."""
    name = _shown(path)

    def stop(message: str, hint: str = "") -> ScenarioError:
        if blame is None:
            return ScenarioError([Problem(name, 1, 1, "", message, hint)])
        return ScenarioError([replace(blame, message=f"'{name}': {message}", hint=hint)])

    try:
        file = FilePath(path)
        if file.is_dir():
            raise stop("this is a folder", "name a file in it")
        if file.exists() and not file.is_file():
            raise stop("this is not an ordinary file")
        return file.read_bytes().decode("utf-8-sig"), name
    except FileNotFoundError:
        raise stop("no such file", _other_file(path, list(named) if blame else ())) from None
    except UnicodeDecodeError as error:
        before = source_lines(file.read_bytes()[: error.start].decode("utf-8-sig", errors="replace"))
        at = Problem(
            name, len(before), len(before[-1]) + 1, "", "this file is not text in UTF-8", "save it as UTF-8"
        )
        raise ScenarioError([at]) from None
    except OSError as error:
        raise stop(f"cannot be read ({(error.strerror or str(error)).lower()})") from None
    except ValueError:  # a NUL character or half a character in the name
        raise stop("this is not the name of a file") from None


def _other_file(path: str, names: Items[str]) -> str:
    """A hint that names the nearest file beside the one that is missing, or the nearest of the names."""
    folder, name = os.path.split(path)
    try:
        files = [file.name for file in FilePath(folder or ".").iterdir() if file.suffix in (".yaml", ".yml")]
    except OSError:
        files = []
    stem = name.removesuffix(".yaml")
    if stem in names:
        return f"did you mean '{stem}', which is shipped?"
    known = {file if "." in name else file.rpartition(".")[0]: file for file in sorted(files)}
    known |= {one: one for one in names if one not in known}
    of_folder = f"{os.path.basename(folder)}/{stem}"  # a name such as nulls/base
    return did_you_mean(name, known, shown=known) or did_you_mean(of_folder, names)


def _shown(path: str) -> str:
    """A path as printed: relative to the current folder if inside it, otherwise as given."""
    try:
        relative = os.path.relpath(path)
    except (OSError, ValueError):
        return path
    return path if relative.startswith("..") else relative
