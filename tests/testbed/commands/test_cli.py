"""The command line: what it accepts, how it fails, and that each failure is a message and a status."""

from __future__ import annotations

import errno
import functools
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from testbed import cli, failure, shipped
from testbed.commands.reference import catalogue, schema
from tests import command_line

ROOT = Path(__file__).parents[3]


@pytest.fixture
def slipper(capsys):
    """Runs a command line; gives its status, standard output and standard error."""
    return functools.partial(command_line.slipper, capsys)


@pytest.fixture
def failing(monkeypatch):
    """Makes `slipper schema log` raise an error."""

    def fail(error: BaseException) -> None:
        def execute(args):
            raise error

        monkeypatch.setattr(schema, "execute", execute)

    return fail


# --- help


def test_help_names_every_command_and_status(slipper):
    status, out, _ = slipper("--help")
    assert status == 0
    for word in ("run", "simulate", "analyze", "schema", "catalogue", "130", "FILE:LINE:COLUMN"):
        assert word in out


def test_no_command_shows_help(slipper):
    assert slipper()[:2] == slipper("--help")[:2]


@pytest.mark.parametrize("command", ["run", "simulate", "analyze", "schema", "catalogue"])
def test_help_of_a_command_teaches(slipper, command):
    status, out, _ = slipper(command, "--help")
    assert status == 0
    assert f"slipper {command}" in out.split("examples:")[1]
    assert "on disk" in out
    assert max(map(len, out.splitlines())) <= 120


def test_version_is_the_project_s(slipper):
    status, out, _ = slipper("--version")
    assert status == 0
    assert out.split()[0] == "glass-slipper"
    assert f'version = "{out.split()[1]}"' in (ROOT / "pyproject.toml").read_text()


def test_help_is_quick_because_nothing_heavy_is_imported():
    heavy = {
        "numpy",
        "pandas",
        "ibis",
        "duckdb",
        "matplotlib",
        "numba",
        "pydantic",
        "pyarrow",
        "sim",
        "analysis.contract",
        "analysis.queries",
        "analysis.report",
        "analysis.sources",
    }  # constants of the analysis, which defaults in the help name, are light
    code = (
        "import sys; from testbed import cli; cli.main(['run', '--help']);"
        f"print('loaded:', sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert "loaded: []" in done.stdout


# --- slips of the pen


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["simulat", "x"], "slipper: unknown command 'simulat', did you mean 'simulate'?"),
        (["frobnicate"], "slipper: unknown command 'frobnicate'; known: run, simulate,"),
        (["run", "report", "--user", "5"], "slipper run: unknown option '--user', did you mean '--users'?"),
        (["run", "report", "--sed=5"], "slipper run: unknown option '--sed', did you mean '--seed'?"),
        (["run", "report", "--quite"], "unknown option '--quite', did you mean '--quiet'?"),
        (["--vers"], "slipper: unknown option '--vers', did you mean '--version'?"),
        (["run", "report", "extra"], "slipper run: unknown argument 'extra'"),
        (["run"], "slipper run: the following arguments are required: SCENARIO"),
        (["run", "report", "--seed", "x"], "argument --seed: expected a whole number, not 'x'"),
        (["run", "report", "--seed", "-1"], "argument --seed: expected 0 or more, not '-1'"),
        (["run", "report", "--users", "-1"], "argument --users: expected 1 or more, not '-1'"),
        (["run", "report", "--users", "0"], "argument --users: expected 1 or more, not '0'"),
        (["run", "report", "--workers", "0"], "argument --workers: expected 1 or more, not '0'"),
        (
            ["run", "report", "--set", "fit off"],
            "expected KEY=VALUE such as mechanisms.fit=off, not 'fit off'",
        ),
        (["schema", "scenaro"], "unknown schema 'scenaro', did you mean 'scenario'?"),
        (["catalogue", "--origin", "cn"], "unknown origin 'cn'"),
        (["catalogue", "--released-from", "May"], "expected YYYY-MM-DD or YYYY-MM, not 'May'"),
        (["catalogue", "show"], "name the MODEL to show"),
        (["catalogue", "list", "x"], "give a MODEL with `show` only"),
        (["catalogue", "--open", "--closed"], "not allowed with argument"),
    ],
)
def test_a_wrong_command_line_is_explained(slipper, argv, message):
    status, out, err = slipper(*argv)
    assert status == 2
    assert out == ""
    assert message in err
    assert err.splitlines()[-1].startswith("Try: slipper")
    assert err.splitlines()[-1].endswith("--help")


def test_no_abbreviation_is_accepted_in_any_command(slipper):
    parser = cli.build_parser()
    commands = next(a for a in parser._actions if a.dest == "command").choices
    assert len(commands) == len(cli.COMMANDS) + len(cli._further())
    assert not any(command.allow_abbrev for command in [parser, *commands.values()])


# --- failures


def test_an_unforeseen_error_is_one_line_and_says_how_to_report_it(slipper, failing):
    failing(ZeroDivisionError("by\nzero"))
    status, _, err = slipper("schema", "log")
    assert status == 1
    assert len(err.splitlines()) == 1
    assert err.startswith("slipper schema: internal error")
    assert "ZeroDivisionError: by zero" in err
    assert "SLIPPER_DEBUG=1" in err


def test_debugging_shows_the_traceback(failing, capsys, monkeypatch):
    failing(ZeroDivisionError())
    monkeypatch.setenv("SLIPPER_DEBUG", "1")
    assert cli.main(["schema", "log"]) == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (KeyboardInterrupt(), 130, "interrupted; nothing half-written was left"),
        (OSError(errno.ENOSPC, "No space left on device"), 1, "the disk is full"),
        (RuntimeError("IO Error: No space left on device"), 1, "the disk is full"),
        (PermissionError(errno.EACCES, "denied", "/etc/x"), 1, "/etc/x: Permission denied"),
        (MemoryError(), 1, "out of memory"),
    ],
)
def test_failures_of_the_machine_are_explained(slipper, failing, error, status, message):
    failing(error)
    got, _, err = slipper("schema", "log")
    assert got == status
    assert message in err
    assert len(err.splitlines()) == 1


def test_sigterm_unwinds_like_an_interrupt(slipper, monkeypatch):
    cleaned = []

    def execute(args):
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()
        finally:
            cleaned.append(True)

    monkeypatch.setattr(schema, "execute", execute)
    before = signal.getsignal(signal.SIGTERM)
    status, _, err = slipper("schema", "log")
    assert (status, cleaned) == (143, [True])
    assert "terminated; nothing half-written was left" in err
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_reader_that_stops_reading_is_no_error():
    command = f"{sys.executable} -m testbed.cli catalogue --json | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "0"


# --- where to write


def test_out_that_is_a_file_is_refused_and_nothing_is_written(slipper, tmp_path):
    (tmp_path / "file").write_text("")
    status, _, err = slipper("simulate", "report", "--out", str(tmp_path / "file" / "runs"))
    assert status == 2
    assert "is a file, not a folder" in err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_out_without_permission_is_refused(slipper, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    status, _, err = slipper("simulate", "report", "--out", str(tmp_path / "runs"))
    assert status == 2
    assert f"no permission to write in {tmp_path}" in err


# --- scenarios


def test_shipped_scenarios_are_found_by_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    expected = ROOT / "scenarios" / "report.yaml"
    for given in ("report", "report.yaml", "scenarios/report.yaml", str(expected)):
        assert shipped.find(given) == expected


def test_a_file_of_one_s_own_comes_before_a_shipped_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "report.yaml").write_text("title: mine\n")
    assert shipped.find("report.yaml") == Path("report.yaml")
    assert shipped.find("report") == ROOT / "scenarios" / "report.yaml"


def test_a_folder_of_the_name_of_a_shipped_scenario_does_not_hide_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "report").mkdir()
    (tmp_path / "mine").mkdir()
    assert shipped.find("report") == ROOT / "scenarios" / "report.yaml"
    with pytest.raises(failure.BadInput, match="this is a folder"):
        shipped.find("mine")
    for given, said in (("", "no name given"), ("/dev/null", "this is a device or a pipe")):
        with pytest.raises(failure.BadInput, match=said):
            shipped.find(given)


def test_a_scenario_named_without_its_ending_is_told_with_it(slipper, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text("extends: report\n")
    status, _, err = slipper("simulate", "mine")
    assert status == 2 and "did you mean 'mine.yaml'?" in err


def test_a_scenario_of_ones_own_extends_shipped_ones_by_name_from_any_folder(tmp_path, monkeypatch):
    import sim

    monkeypatch.chdir(tmp_path)
    (tmp_path / "report.yaml").write_text("extends: report\nusers: 7\n")
    (tmp_path / "null.yaml").write_text("extends: nulls/base\nusers: 8\n")
    assert sim.load_world("report.yaml").scenario.users == 7
    assert sim.load_world("null.yaml").scenario.title == "The base of the null worlds"


def test_a_value_is_refused_by_the_name_of_its_option(slipper, tmp_path):
    status, _, err = slipper("simulate", "report", "--users", "30_000_000", "--out", str(tmp_path / "o"))
    assert status == 2
    assert err.startswith("--users:1:7: users: must be between 1 and 20000000")
    assert "--set" not in err


def test_a_missing_scenario_names_the_nearest(slipper, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, _, err = slipper("simulate", "scenarios/reprot.yaml")
    assert status == 2
    where = "scenarios/reprot.yaml:1:1: no such file: there is no folder 'scenarios'"
    assert f"{where}, did you mean 'report'?" in err
    assert slipper("simulate", str(tmp_path))[0] == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["simulate", "experiment"])
def test_a_path_at_which_there_is_nothing_is_no_name(slipper, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in ("whales.yaml", "prices.yml", "notes.txt"):
        (folder / name).write_text("title: T\n")
    for given, said in (
        ("foo/bar.yaml", "no such file: there is no folder 'foo'"),
        ("mine/whale.yaml", "no such file, did you mean 'mine/whales.yaml'?"),
        ("mine/price.yaml", "no such file, did you mean 'mine/prices.yml'?"),
        ("mine/qqqqqq.yaml", "no such file"),
        ("mine/whales", "did you mean 'mine/whales.yaml'?"),
    ):
        status, _, err = slipper(command, given)
        assert status == 2 and f"{given}:1:1: " in err
        assert said in err and "shipped" not in err
    assert "(shipped: " in slipper(command, "qqqqqq")[2]


# --- schema


def test_schema_of_scenarios_is_the_shipped_file(slipper):
    status, out, _ = slipper("schema", "scenario")
    assert status == 0
    assert json.loads(out) == json.loads((ROOT / "scenarios" / "scenario.schema.json").read_text())


def test_schema_of_the_log_for_people_and_for_programs(slipper):
    status, out, _ = slipper("schema", "log")
    assert status == 0
    assert "tokens_completion" in out
    data = json.loads(slipper("schema", "log", "--json")[1])
    assert data["tables"]["generations"]["properties"]["cost_total"]["unit"] == "USD"


# --- catalogue


def listed(slipper, *options: str) -> list[dict]:
    status, out, _ = slipper("catalogue", *options, "--json")
    assert status == 0
    return json.loads(out)


def test_catalogue_lists_a_line_a_model(slipper):
    status, out, _ = slipper("catalogue", "list", "--author", "anthropic")
    assert status == 0
    rows = [line for line in out.splitlines() if "anthropic/" in line]
    assert len(rows) == len(listed(slipper, "--author", "anthropic")) > 3
    assert "\x1b" not in out


def test_catalogue_filters(slipper):
    everything = listed(slipper)
    assert len(everything) >= 120
    found = listed(
        slipper, "--open", "--origin", "CN", "--released-from", "2025-02", "--released-to", "2025-03"
    )
    assert found == [
        m for m in everything
        if m["open_weights"] and m["origin"] == "CN" and "2025-02-01" <= m["released"] <= "2025-03-31"
    ]  # fmt: skip
    assert "deepseek/deepseek-chat-v3-0324" in {m["model"] for m in found}
    assert all(not m["open_weights"] for m in listed(slipper, "--closed"))
    assert {m["reasoning"] for m in listed(slipper, "--reasoning", "always", "--reasoning", "hybrid")} == {
        "always", "hybrid",
    }  # fmt: skip
    assert all(m["free_windows"] for m in listed(slipper, "--free"))
    assert all("coder" in (m["model"] + m["name"]).lower() for m in listed(slipper, "--search", "Coder"))


def test_catalogue_shows_one_model(slipper):
    status, out, _ = slipper("catalogue", "show", "anthropic/claude-sonnet-4")
    assert status == 0
    assert "2025-05-22" in out
    data = json.loads(slipper("catalogue", "show", "anthropic/claude-sonnet-4", "--json")[1])
    assert data["model"] == "anthropic/claude-sonnet-4"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["show", "anthropic/claude-sonet-4"], "did you mean 'anthropic/claude-sonnet-4'?"),
        (["--author", "antropic"], "no model is by 'antropic', did you mean 'anthropic'?"),
    ],
)
def test_catalogue_knows_no_such_thing(slipper, argv, message):
    status, out, err = slipper("catalogue", *argv)
    assert (status, out) == (2, "")
    assert message in err


def test_a_broken_catalogue_is_bad_input(slipper, tmp_path, monkeypatch):
    monkeypatch.setattr("testbed.shipped.FOLDER", tmp_path)
    status, _, err = slipper("catalogue")
    assert status == 2
    assert "models.csv" in err


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [("2025-02", "2025-02-01", "2025-02-28"), ("2024-12", "2024-12-01", "2024-12-31"), ("2025-05-22",) * 3],
)
def test_a_month_stands_for_its_first_or_last_day(text, first, last):
    assert catalogue._first_day(text).isoformat() == first
    assert catalogue._last_day(text).isoformat() == last


def test_an_interrupt_that_compiled_code_turned_into_an_error_is_an_interrupt(monkeypatch, capsys):
    def broken(args):
        try:
            raise failure.Terminated
        except KeyboardInterrupt as error:
            raise SystemError("returned a result with an exception set") from error

    monkeypatch.setattr("testbed.commands.reference.catalogue.execute", broken)
    assert cli.main(["catalogue"]) == failure.TERMINATED
    assert "terminated" in capsys.readouterr().err
