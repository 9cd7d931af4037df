"""Python commands in processes of their own that find the libraries loaded: forks of one that has imported them.

Importing pandas, Ibis, Numba and the like takes two seconds of each command that a test starts, more than most of them
work. A fork has the caller's environment, folder and path of modules, its own output, and nothing of the house loaded.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

LIBRARIES = (
    "numpy", "pandas", "pyarrow.dataset", "pyarrow.parquet", "duckdb", "ibis", "ibis.backends.duckdb", "sqlglot",
    "numba", "scipy.optimize", "scipy.sparse.csgraph", "scipy.special", "scipy.stats", "statsmodels.api", "pydantic",
    "yaml", "simpy", "jinja2", "rich.console", "rich.progress", "pytest",
)  # fmt: skip
"""What no command of a test must find unloaded."""
PATIENCE = 600  # seconds after which a fork is stopped


class Preloaded:
    """The process that forks. It starts with the first command; `close` ends it."""

    def __init__(self) -> None:
        self._server: subprocess.Popen[str] | None = None

    def run(
        self, argv: list[str], folder: Path, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """`python *argv` (-m MODULE ... or -c CODE ...) in `folder`; errors are written into the output."""
        if self._server is None:
            self._server = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            text=True)  # fmt: skip
        assert self._server.stdin and self._server.stdout
        with tempfile.NamedTemporaryFile("r", encoding="utf-8") as output:
            order = [
                argv,
                os.fspath(folder),
                dict(os.environ if environment is None else environment),
                output.name,
            ]
            print(json.dumps(order), file=self._server.stdin, flush=True)
            status = int(self._server.stdout.readline())
            return subprocess.CompletedProcess(argv, status, output.read(), "")

    def close(self) -> None:
        """End the process."""
        if self._server is not None:
            self._server.communicate()


def _serve() -> None:
    """Fork for each order of the standard input, and answer with the fork's status."""
    del sys.path[0]  # the folder of this file
    for name in LIBRARIES:
        importlib.import_module(name)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(
                _done(*json.loads(line))
            )  # no farewell to the threads of libraries: a fork has none of them
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _done(*order: Any) -> int:
    """Do as `python *argv` would, and tell its status."""
    signal.alarm(PATIENCE)
    status: Any = 1
    try:
        _become(*order)
        status = 0
    except SystemExit as leave:
        status = leave.code
        if isinstance(status, str):
            print(status, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return status if isinstance(status, int) else int(status is not None)


def _become(argv: list[str], folder: str, environment: dict[str, str], output: str) -> None:
    """Take the command's folder, environment, path and output, and run it."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.dont_write_bytecode = bool(environment.get("PYTHONDONTWRITEBYTECODE"))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    written = os.open(output, os.O_WRONLY)
    os.dup2(written, 1)
    os.dup2(written, 2)
    sys.path[:0] = ["" if argv[0] == "-c" else folder, *environment.get("PYTHONPATH", "").split(os.pathsep)]
    importlib.invalidate_caches()
    sys.argv = argv[:1] + argv[2:]
    if argv[0] == "-m":
        runpy.run_module(argv[1], run_name="__main__", alter_sys=True)
    else:
        exec(compile(argv[1], "<string>", "exec"), {"__name__": "__main__"})


if __name__ == "__main__":
    _serve()
