"""The `slipper` command: parses the command line, calls the command, turns every failure into a message and a status.

Commands import what they need when they execute, so that `slipper --help` is quick.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from testbed import arguments, failure
from testbed.commands import (
    analyze,
    calibrate,
    check,
    compare,
    experiment,
    export_log,
    import_log,
    inspect_log,
    run,
    simulate,
    validate,
    verdict,
)
from testbed.commands.reference import catalogue, explain, patterns, questions, schema, sql
from testbed.terminal import streams

DESCRIPTION = """\
A synthetic LLM marketplace, and a testbed for the analysis of its logs.

A scenario (a YAML file) describes models and users. `slipper run` lets the users search for models that fit their
work, writes the request-level log that a gateway would hold, analyses that log and says what it shows."""

EPILOG = f"""\
start here:
  slipper run report-small             15 to 20 seconds: the report world in small
  slipper run scenarios/report.yaml    about a minute: 200,000 users, millions of requests
  slipper COMMAND --help               what a command does, its options and what it leaves on disk
  The first run after an installation takes a minute more: it compiles.

{arguments.EXIT_STATUSES}

Bad input is reported as FILE:LINE:COLUMN: message. SLIPPER_DEBUG=1 shows tracebacks."""

COMMANDS = (
    run, simulate, import_log, export_log, inspect_log, analyze, check, verdict, compare, experiment, calibrate,
    validate, questions, sql, patterns, schema, catalogue, explain,
)  # fmt: skip


def build_parser() -> arguments.Parser:
    """The parser of the whole command line."""
    parser = arguments.Parser(prog="slipper", description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("--version", action=arguments.Told, lines=_version, help="show the version and exit")
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", dest="command", parser_class=arguments.Parser
    )
    for command in (*COMMANDS, *_further()):
        command.add_parser(commands)
    return parser


def _further() -> list[Any]:
    """Command modules of packages that build on the testbed: what is installed under `slipper.commands`."""
    from importlib.metadata import entry_points

    return [
        found.load() for found in sorted(entry_points(group="slipper.commands"), key=lambda one: one.name)
    ]


def _version() -> Iterator[str]:
    """The installed version."""
    from importlib.metadata import version

    yield f"glass-slipper {version('glass-slipper')}"


def main(argv: list[str] | None = None) -> int:
    """Runs `slipper` with `argv` (default: the process's) and returns the exit status."""
    argv = sys.argv[1:] if argv is None else argv
    name = "slipper"
    streams.prepare()
    try:
        with _terminable():
            parser = build_parser()
            args = arguments.parse(parser, argv)
            if args.command is None:
                parser.print_help()
                return failure.DONE
            name = f"slipper {args.command}"
            status: int = args.execute(args)
            streams.flush()
            return status
    except SystemExit as leave:  # --help and --version
        return leave.code if isinstance(leave.code, int) else failure.FAILED
    except arguments.UsageError as error:
        _say(f"{error.prog}: {error.message}\nTry: {error.prog} --help")
        return failure.BAD_INPUT
    except failure.Failure as error:
        _trace()
        _say(str(error))
        return error.status
    except BrokenPipeError:
        streams.abandon()  # the reader of our output has seen enough
        return failure.DONE
    except KeyboardInterrupt as error:
        return _stopped(name, error)
    except Exception as error:
        if (cause := _interrupt_behind(error)) is not None:
            return _stopped(name, cause)
        _trace()
        _say(f"{name}: {failure.explain(error)}")
        streams.abandon_full()
        return failure.BAD_INPUT if failure.is_foreign(error) else failure.FAILED


def _stopped(name: str, interrupt: KeyboardInterrupt) -> int:
    _trace()
    ended = isinstance(interrupt, failure.Terminated)
    _say(f"{name}: {'terminated' if ended else 'interrupted'}; nothing half-written was left")
    return failure.TERMINATED if ended else failure.INTERRUPTED


def _interrupt_behind(error: BaseException) -> KeyboardInterrupt | None:
    """The interrupt that an error hides: compiled code that is interrupted raises an error of its own."""
    behind: BaseException | None = error
    while behind is not None:
        if isinstance(behind, KeyboardInterrupt):
            return behind
        behind = behind.__cause__ or behind.__context__
    return None


def _say(message: str) -> None:
    with suppress(OSError, ValueError):  # nobody listens
        print(message, file=sys.stderr)


def _trace() -> None:
    if os.environ.get("SLIPPER_DEBUG", "0") not in ("", "0"):
        traceback.print_exc()


@contextmanager
def _terminable() -> Iterator[None]:
    """Lets SIGTERM unwind the stack as Ctrl-C does, so that what was begun is cleaned up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        raise failure.Terminated

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


if __name__ == "__main__":
    sys.exit(main())
