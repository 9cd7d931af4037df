"""`slipper lab`: the laboratory, a page on this machine on which a learner builds a market and reads its log."""

from __future__ import annotations

import argparse
import socket
import sys
import threading
from typing import Any

from testbed import arguments
from testbed.failure import DONE, BadInput, Terminated

DESCRIPTION = """\
Opens the laboratory in a browser: one page with controls for the causes of a market (mechanisms and their strengths),
its models and events, its users and its seed. Beside them: who stays with a model, in this world and in its twin with
one cause flipped that shares all luck, each with its verdict and how often such a verdict is wrong.

It runs on this machine alone, needs no network, and ends with Ctrl-C."""

PATIENCE_S = 3.0  # after which a start that takes longer is explained
EPILOG = f"""\
examples:
  slipper lab                             a free port, and the browser opens
  slipper lab --port 8765 --no-browser    open http://127.0.0.1:8765 yourself

{arguments.EXIT_STATUSES}"""


def add_parser(commands: Any) -> None:
    """Adds the command's parser."""
    parser: arguments.Parser = commands.add_parser(
        "lab",
        help="a page on which to build a market and flip its causes",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    parser.add_argument(
        "--port",
        type=arguments.port,
        default=0,
        metavar="N",
        help="port on this machine (default: a free one)",
    )
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.set_defaults(parser=parser, execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Serves the laboratory until Ctrl-C."""
    try:
        import uvicorn

        from lessons.frame.server import taken
        from lessons.lab.server import HOST, Laboratory
    except ModuleNotFoundError as error:  # another ImportError is a defect of ours
        raise BadInput(
            f"the laboratory needs {error.name}, which is not installed: pip install 'glass-slipper[lessons]'"
        ) from None
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, args.port))
            listening.listen()  # who opens the address at once waits for the server
        except OSError as error:
            raise taken(args.port, error) from None
        port = listening.getsockname()[1]
        _warm_up()
        address = f"http://{HOST}:{port}/"
        print(f"The laboratory is at {address}  (Ctrl-C ends it)", flush=True)
        if not args.no_browser:
            import webbrowser

            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
        config = uvicorn.Config(
            Laboratory().app(port), log_level="critical", access_log=False, timeout_graceful_shutdown=1
        )
        try:
            uvicorn.Server(config).run(sockets=[listening])
        except Terminated:
            raise
        except KeyboardInterrupt:
            print()  # after the terminal's ^C; this is how one leaves the laboratory
    return DONE


def _warm_up() -> None:
    """Compiles the loops, or reads them from their cache; says so where that takes long."""
    from lessons.lab.desk import warm_up

    words = "Starting ... (the first start compiles the simulation, which takes about half a minute)"
    told = threading.Timer(PATIENCE_S, print, (words,), {"file": sys.stderr, "flush": True})
    told.daemon = True
    told.start()
    try:
        warm_up()
    finally:
        told.cancel()
