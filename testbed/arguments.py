"""Parsing of the command line: argparse without abbreviations, with hints for what was probably meant."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import re
import textwrap
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, NoReturn

from testbed.failure import BadInput

EXIT_STATUSES = """exit status:
  0    done
  1    a check failed, or the program did
  2    bad input; nothing was written
  130  interrupted; nothing half-written was left"""


class UsageError(Exception):
    """A command line that cannot be understood. `prog` is the command whose help explains it."""

    def __init__(self, prog: str, message: str) -> None:
        super().__init__(message)
        self.prog = prog
        self.message = message


class Told(argparse.Action):
    """An option that prints lines and exits. lines: looks for them, only when asked."""

    def __init__(
        self, option_strings: list[str], dest: str, lines: Callable[[], Iterable[str]], **kwargs: Any
    ) -> None:
        super().__init__(option_strings, dest, nargs=0, **kwargs)
        self._lines = lines

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        for line in self._lines():
            print(line)
        parser.exit()


class _Wrapped(argparse.HelpFormatter):
    """Help within the terminal's width: paragraphs are filled anew, indented lines keep their columns."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        lines: list[str] = []
        paragraph: list[str] = []
        for line in [*text.splitlines(), ""]:
            if line and not line[0].isspace():
                paragraph.append(line)
                continue
            lines += textwrap.wrap(" ".join(paragraph), width, break_on_hyphens=False)
            paragraph = []
            lines += _indented(line, width)
        return "\n".join(lines).rstrip()


def _indented(line: str, width: int) -> list[str]:
    """A line of a list within a width: what does not fit goes on below the line's last column, or, where that is too
    narrow, on a line of its own."""
    if len(line) <= width:
        return [line]
    gap = max((found.end() for found in re.finditer(r"\S {2,}(?=\S)", line)), default=0)
    if not gap or gap > width // 2:
        start = len(line) - len(line.lstrip())
        head, rest = (line[:gap], line[gap:]) if gap and gap <= width else (line, "")
        filled = [
            *textwrap.wrap(head.strip(), width - start - 4, break_long_words=False, break_on_hyphens=False),
            *textwrap.wrap(rest, width - start - 4, break_long_words=False, break_on_hyphens=False),
        ]
        return [" " * (start if i == 0 else start + 4) + part for i, part in enumerate(filled)]
    filled = textwrap.wrap(line[gap:], width - gap, break_long_words=False, break_on_hyphens=False)
    return [f"{line[:gap].rstrip() if i == 0 else '':<{gap}}{part}" for i, part in enumerate(filled)]


class Parser(argparse.ArgumentParser):
    """argparse's parser with exact option names, help that keeps its paragraphs, and hints for slips of the pen."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("formatter_class", _Wrapped)
        super().__init__(allow_abbrev=False, **kwargs)

    def error(self, message: str) -> NoReturn:
        """Raises UsageError instead of leaving the process."""
        raise UsageError(self.prog, message)

    def options(self) -> list[str]:
        """The long options that this parser knows."""
        return [name for action in self._actions for name in action.option_strings if name.startswith("--")]

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        # An empty name would pass for an option that was not given.
        if action.option_strings and "" in arg_strings:
            raise argparse.ArgumentError(action, "expected a value, and it is empty")
        return super()._get_values(action, arg_strings)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        known = [str(choice) for choice in action.choices]
        kind = "command" if isinstance(action, argparse._SubParsersAction) else action.dest
        self.error(f"unknown {kind} '{value}'{hint(str(value), known)}; known: {', '.join(known)}")


def hint(word: str, known: Iterable[str]) -> str:
    """`, did you mean X?` for the known word nearest to `word`, or nothing."""
    from analysis.contract.nearest_names import (
        did_you_mean,  # brings pyarrow, which no help text should wait for
    )

    said = did_you_mean(word, known)
    return f", {said}" if said else ""


def check_model(model: str, known: Collection[str], place: str = "") -> None:
    """Raises BadInput for a model that the log never saw. place: where it is named, to begin the message with."""
    if model not in known:
        raise BadInput(f"{place}the log has no requests to the model '{model}'{hint(model, known)}")


def command_line(
    args: argparse.Namespace, words: Sequence[str], options: Sequence[str], settings: bool = True
) -> list[str]:
    """The words of a command that made a page: those given, the options that were set, and the changed keys."""
    made = ["slipper", *words]
    for option in options:
        value = getattr(args, option)
        for one in value if isinstance(value, list) else [value]:
            if one is not None:
                made += [f"--{option}", str(one)]
    for setting in args.settings if settings else ():
        made += ["--set", setting]
    return made


def parse(parser: Parser, argv: list[str]) -> argparse.Namespace:
    """Arguments of `argv`; the chosen command's parser is `namespace.parser`. Raises UsageError, and BadInput for a
    word that holds a secret, before it can stand in a message."""
    for word in argv:
        _refuse_secrets(word)
    namespace, unknown = parser.parse_known_args(at_home(argv))
    if unknown:
        chosen: Parser = getattr(namespace, "parser", parser)
        word = unknown[0].partition("=")[0]
        kind = "option" if word.startswith("-") else "argument"
        near = hint(word, chosen.options()) if kind == "option" else ""
        chosen.error(f"unknown {kind} '{word}'{near}")
    return namespace


def _refuse_secrets(word: str) -> None:
    if "://" not in word:
        return
    from analysis.sources.errors import LogError
    from analysis.sources.warehouses import addresses

    option, equals, value = word.partition("=")
    try:
        addresses.refuse_secrets(value if option.startswith("--") and equals else word)
    except LogError as error:
        raise BadInput(str(error)) from None


def at_home(argv: Sequence[str]) -> list[str]:
    """The words of a command line with `~` as the home folder, also in `--out=~/x`, which a shell leaves alone."""
    words = []
    for word in argv:
        option, equals, value = word.partition("=")
        if word.startswith("--") and equals and option != "--set":
            word = f"{option}={os.path.expanduser(value)}"
        words.append(os.path.expanduser(word))
    return words


def positive_integer(text: str) -> int:
    """A whole number of 1 or more; underscores may group its digits."""
    return _whole_number(text, 1)


def whole_number(text: str) -> int:
    """A whole number of 0 or more; underscores may group its digits."""
    return _whole_number(text, 0)


def _whole_number(text: str, least: int) -> int:
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a whole number, not '{text}'") from None
    if number < least:
        raise argparse.ArgumentTypeError(f"expected {least} or more, not '{text}'")
    return number


def port(text: str) -> int:
    """A port of this machine; 0: a free one."""
    if not (text.isascii() and text.isdecimal() and int(text) < 65_536):
        raise argparse.ArgumentTypeError(f"expected a port from 0 to 65535, not '{text}'")
    return int(text)


def setting(text: str) -> str:
    """A `section.key=value` pair, kept as text: the scenario's schema judges it."""
    key, equals, _ = text.partition("=")
    if not equals or not key.strip():
        raise argparse.ArgumentTypeError(f"expected KEY=VALUE such as mechanisms.fit=off, not '{text}'")
    return text


def add_log(parser: argparse.ArgumentParser) -> None:
    """The log that a command reads, wherever it lies."""
    parser.add_argument("log", metavar="LOG_OR_RUN", help="a run folder, Parquet files (folder, file or glob), "
                        "a DuckDB file, postgresql://... or spark:TABLE")  # fmt: skip


def add_log_options(parser: argparse.ArgumentParser) -> None:
    """Where the tables of a log are, the same for all commands that open one."""
    group = parser.add_argument_group("the log")
    group.add_argument("--table", metavar="NAME", help="the log's table in a DuckDB file or on a server, "
                       "SCHEMA.NAME outside the usual schema (default: generations)")  # fmt: skip
    for name, meaning in (("models", "the models' facts"), ("labels", "the content labels")):
        either = group.add_mutually_exclusive_group()
        either.add_argument(
            f"--{name}", dest=f"{name}_from", metavar="FILE",
            help=f"Parquet files with {meaning} (slipper schema log), if they are not beside the log; of a server the "
            "table's name",
        )  # fmt: skip
        either.add_argument(
            f"--no-{name}", dest=f"{name}_from", action="store_false", default=None,
            help=f"leave out {meaning} that are beside the log",
        )  # fmt: skip


def add_scope_options(parser: argparse.ArgumentParser, exhibits: bool = False) -> None:
    """Which days of a log are looked at, and with what beside. exhibits: the command draws them."""
    group = add_days(parser)
    group.add_argument("--study-window", action="store_true", default=None, help="the windows of the report in the "
                       "place of the log's own days (default: for worlds that rebuild the report)")  # fmt: skip
    if exhibits:
        group.add_argument(
            "--compare-with-study", action="store_true", default=None, help="set what the report says beside what the "
            "log shows: its claims, its readings, its releases (default: for simulated runs)",
        )  # fmt: skip


def add_days(parser: argparse.ArgumentParser) -> argparse._ActionsContainer:
    """`--from` and `--to`."""
    group = parser.add_argument_group("which days")
    for name, meaning in (("from", "first"), ("to", "last")):
        group.add_argument(
            f"--{name}", dest=f"{name}_day", type=_day, metavar="YYYY-MM-DD",
            help=f"{meaning} UTC day; rows {'before' if name == 'from' else 'after'} it are left out, as if the log "
            "did not hold them (default: all that it holds)",
        )  # fmt: skip
    return group


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a day such as 2026-03-31, not '{text}'") from None


def add_anyway(parser: argparse.ArgumentParser) -> None:
    """`--anyway`, for commands that inspect a log first and stop at errors."""
    parser.add_argument(
        "--anyway", action="store_true", help="go on even if an inspection of the log (slipper inspect) finds errors; "
        "what is written is marked",
    )  # fmt: skip


def add_k_anonymity(parser: argparse.ArgumentParser) -> None:
    """`--k-anonymity`, for commands whose results may leave the building."""
    parser.add_argument(
        "--k-anonymity", type=positive_integer, default=0, metavar="K", help="withhold what stands on fewer than K "
        "users, or on one or two large accounts, in all that is written and printed: such cells are in no total "
        "either, and what cannot be shown so is listed (docs/privacy.md; 20 is usual; default: all is shown)",
    )  # fmt: skip


def log_options(args: argparse.Namespace) -> dict[str, Any]:
    """What `add_log_options` and `add_scope_options` were given, as `analysis.open_log` takes it. Raises BadInput."""
    options = {"table": args.table or "generations", "labels": args.labels_from, "models": args.models_from}
    if not hasattr(args, "study_window"):
        return options
    from analysis import LogError
    from analysis.sources.scope import Scope

    beside = getattr(args, "compare_with_study", None)
    if getattr(args, "anyway", False):
        options["tolerate"] = True
    try:
        return options | {"scope": Scope(args.from_day, args.to_day, args.study_window, beside)}
    except LogError as error:
        raise BadInput(f"--from, --to: {error}") from error


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """`--quiet` and `--json`, the same for all commands that work for a while."""
    group = parser.add_argument_group("output")
    group.add_argument(
        "--quiet", action="store_true", help="no progress and no summary: only the path of the result"
    )
    group.add_argument("--json", action="store_true", help="the result as one JSON object on standard output")


def add_overwrite(parser: argparse.ArgumentParser) -> None:
    """`--overwrite`, for commands that write one page under a name that the user gives."""
    parser.add_argument(
        "--overwrite", action="store_true", help="write the page even over a file that is not an unchanged page of "
        "slipper's",
    )  # fmt: skip


def add_figures_option(parser: argparse.ArgumentParser) -> None:
    """Whether the figures are drawn as files, too."""
    parser.add_argument("--figures", action="store_true", help="draw the figures as SVG and PNG files, too; the page "
                        "then shows them in print and where scripts are off. Without it, figures drawn earlier are "
                        "removed: they may be of another analysis")  # fmt: skip


def add_world_options(
    group: argparse._ArgumentGroup, of: str = "scenario", seed: str = "seed of all draws", such_as: str = ""
) -> None:
    """The options that change a world: `--seed`, `--users` and `--set`. of: the file that has the defaults and the
    keys; seed: what the seed is; such_as: an example of a key with its value."""
    group.add_argument("--seed", type=whole_number, metavar="N", help=f"{seed} (default: the {of}'s)")
    add_users_option(group, f"the {of}'s")
    example = f", such as {such_as}" if such_as else ""
    group.add_argument(
        "--set", dest="settings", action="append", default=[], type=setting, metavar="KEY=VALUE",
        help=f"change any key of the {of}{example}; repeatable",
    )  # fmt: skip


def add_users_option(group: argparse._ActionsContainer, usual: str, default: int | None = None) -> None:
    """`--users`. usual: the default in words; default: the number, None if the world decides."""
    group.add_argument(
        "--users",
        type=positive_integer,
        default=default,
        metavar="N",
        help=f"number of users (default: {usual})",
    )


def add_workers_option(group: argparse._ActionsContainer, what: str = "processes", note: str = "") -> None:
    """`--workers`. what: of which there are so many at a time; note: what else is to be known."""
    group.add_argument(
        "--workers", type=positive_integer, metavar="N", help=f"{what} (default: one per core){note}"
    )


def add_engine_options(group: argparse._ActionsContainer, here: str) -> None:
    """`--engine` and `--address`. here: what works on this machine without Dask, such as processes."""
    group.add_argument("--engine", choices=(here, "dask"), default=here,
                       help=f"{here} of this machine (default), or a Dask cluster")  # fmt: skip
    group.add_argument(
        "--address", metavar="URL", help="the Dask scheduler (default: a cluster on this machine)"
    )


def check_engine(args: argparse.Namespace) -> None:
    """Raises BadInput for an address without Dask."""
    if args.address is not None and args.engine != "dask":
        raise BadInput("--address names a Dask scheduler: give --engine dask, too")


def add_simulation_options(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """The scenario and the options that change it or say how to run it. Returns the group of the latter."""
    parser.add_argument(
        "scenario", metavar="SCENARIO", help="a scenario file, or the name of a shipped one (report)"
    )
    world = parser.add_argument_group("the world")
    add_world_options(world, such_as="mechanisms.fit=off")
    run = parser.add_argument_group("the run")
    run.add_argument(
        "--out", default="outputs", metavar="DIR", help="folder for run folders (default: outputs)"
    )
    add_workers_option(run, "threads or processes", "; the result does not depend on it")
    run.add_argument("--anyway", action="store_true", help="simulate even if a large world is estimated to need more "
                     "disk or memory than is free")  # fmt: skip
    run.add_argument("--fresh", action="store_true", help="simulate again even if this run is complete")
    add_output_options(parser)
    return run
