"""The laboratory's server: one page, its files, and answers to its questions. It listens on loopback alone."""

from __future__ import annotations

import json
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from lessons.lab.controls import bases
from lessons.lab.desk import Abandoned, Desk, Ticket
from lessons.lab.market import saved
from lessons.lab.mystery import CAUSES, Round, round_of
from lessons.lab.state import MOST_TEXT, State, read
from testbed.failure import BadInput, Failure

HOST = "127.0.0.1"
MOST_ROUNDS = 200  # of mystery worlds that wait for an answer
MOST_BYTES = 4 * MOST_TEXT
PAGE = files("lessons.lab").joinpath("page")
KINDS = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
Answering = Callable[[Request], Awaitable[Response]]


class OwnPageOnly:
    """Refuses what does not come from the laboratory's own page: another name of this machine, which a page elsewhere
    can give itself, or another origin."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self.app = app
        self.hosts = {f"{name}:{port}" for name in (HOST, "localhost")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI asks."""
        if scope["type"] == "http":
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            origin = headers.get("origin")
            if headers.get("host") not in self.hosts or (
                origin is not None and origin.removeprefix("http://") not in self.hosts
            ):
                words = f"the laboratory answers its own page only, at http://{min(self.hosts)}\n"
                await PlainTextResponse(words, 403)(scope, receive, send)
                return
        await self.app(scope, receive, send)


class Laboratory:
    """The routes of the page. desk: does the work; waited: by page, the ticket of its newest question."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.waited: dict[str, Ticket] = {}
        self.rounds: OrderedDict[str, Round] = OrderedDict()

    def app(self, port: int) -> ASGIApp:
        """The application for a server at this port."""

        @asynccontextmanager
        async def life(_: Starlette) -> AsyncIterator[None]:
            yield
            self.close()

        routes = [
            Route("/", self.file),
            Route("/page/{name}", self.file),
            Route("/api/bases", self.bases),
            Route("/api/look", in_words(self.look), methods=["POST"]),
            Route("/api/spells", in_words(self.spells), methods=["POST"]),
            Route("/api/mystery", in_words(self.mystery), methods=["POST"]),
            Route("/api/answer", in_words(self.answer), methods=["POST"]),
            Route("/api/yaml", in_words(self.yaml), methods=["POST"]),
        ]
        return OwnPageOnly(Starlette(routes=routes, lifespan=life), port)

    def close(self) -> None:
        """Lets go of all work."""
        for ticket in self.waited.values():
            ticket.abandon()
        self.desk.close()

    async def file(self, request: Request) -> Response:
        """A file of the page."""
        name = request.path_params.get("name", "index.html")
        found = PAGE.joinpath(name)
        kind = KINDS.get(name.rpartition(".")[2])
        if kind is None or "/" in name or "\\" in name or not found.is_file():
            return PlainTextResponse("no such page\n", 404)
        return Response(found.read_bytes(), media_type=kind, headers=HEADERS)

    async def bases(self, _: Request) -> Response:
        """The scenarios that can be opened by name."""
        return JSONResponse(await run_in_threadpool(bases), headers=HEADERS)

    async def look(self, request: Request) -> Response:
        """A state's controls, curves, verdicts and error rates, a line of JSON each, as they come."""
        asked = await body_of(request)
        state, ticket = read(asked.get("state")), self._ticket(asked)
        pieces = self.desk.answers(state, ticket)
        first = await run_in_threadpool(next, pieces)  # a state that cannot run is told here
        return StreamingResponse(
            self._lines(first, pieces, ticket), media_type="application/x-ndjson", headers=HEADERS
        )

    def _ticket(self, asked: dict[str, Any]) -> Ticket:
        """The ticket of a page's newest question; nobody waits for those before it."""
        page = str(asked.get("page"))[:40]
        if page in self.waited:
            self.waited[page].abandon()
        self.waited[page] = Ticket()
        return self.waited[page]

    async def mystery(self, request: Request) -> Response:
        """A new round: its choices and its curves. What was changed stays here."""
        ticket = self._ticket(await body_of(request))
        name, asked = secrets.token_hex(8), round_of(secrets.randbits(60))
        self.rounds[name] = asked
        while len(self.rounds) > MOST_ROUNDS:
            self.rounds.popitem(last=False)
        choices = [{"key": cause.key, "title": cause.title} for cause in CAUSES.values()]
        first = {"part": "round", "round": name, "choices": choices}
        lines = self._lines(first, self.desk.mystery(asked, ticket), ticket)
        return StreamingResponse(lines, media_type="application/x-ndjson", headers=HEADERS)

    async def answer(self, request: Request) -> Response:
        """Whether an answer is right, how the causes show, and the state that opens the world with its controls."""
        told = await body_of(request)
        asked, named = self.rounds.get(str(told.get("round"))), CAUSES.get(str(told.get("named")))
        if asked is None or named is None:
            raise BadInput("this round or this cause is not known; ask for a new round")
        truth = CAUSES[asked.truth]
        shown = {
            "right": truth is named,
            "truth": truth.key,
            "tell": truth.tell,
            "named_tell": named.tell,
            "state": asked.mystery.model_dump(mode="json", exclude_defaults=True),
        }
        return JSONResponse(shown, headers=HEADERS)

    async def _lines(self, first: Any, pieces: Iterator[Any], ticket: Ticket) -> AsyncIterator[str]:
        try:
            yield json.dumps(first) + "\n"
            async for piece in iterate_in_threadpool(pieces):
                yield json.dumps(piece) + "\n"
        except Failure as error:
            yield json.dumps({"part": "problem", "problem": str(error)}) + "\n"
        finally:
            ticket.abandon()

    async def spells(self, request: Request) -> Response:
        """Single users of a state's world."""
        asked = await body_of(request)
        told = await run_in_threadpool(self.desk.spells, read(asked.get("state")), str(asked.get("side")))
        return JSONResponse(told, headers=HEADERS)

    async def yaml(self, request: Request) -> Response:
        """A state as a scenario."""
        asked = await body_of(request)
        state: State = read(asked.get("state"))
        return JSONResponse({"yaml": await run_in_threadpool(saved, state)}, headers=HEADERS)


def in_words(answer: Answering) -> Answering:
    """An answer whose failures are told in words, with status 400."""

    async def guarded(request: Request) -> Response:
        try:
            return await answer(request)
        except Abandoned:
            return Response(status_code=204)
        except Failure as error:
            return JSONResponse({"problem": str(error)}, 400, headers=HEADERS)

    return guarded


async def body_of(request: Request) -> dict[str, Any]:
    """The JSON that a request brings. Raises BadInput for anything else, and for too much of it."""
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise BadInput("expected JSON, with the content type application/json")
    held = b""
    async for chunk in request.stream():
        held += chunk
        if len(held) > MOST_BYTES:
            raise BadInput(f"more than {MOST_BYTES:,} bytes were sent")
    try:
        told = json.loads(held, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"this is not JSON: {error}") from None
    if not isinstance(told, dict):
        raise BadInput("expected a JSON object")
    return told


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number")
