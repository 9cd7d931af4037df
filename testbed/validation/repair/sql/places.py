"""A query as a tree whose nodes know where they stand in the text, so that an edit changes the user's own words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from testbed.validation.dialects.rules import rules_of

Span = tuple[int, int]
"""Where something begins in a text, and where it ends."""
_HELD = "place"
_CONNECTED: dict[type[exp.Expr], TokenType] = {exp.Case: TokenType.CASE}


class Placed:
    """A query's statements, each node with its place. Raises SqlglotError for what is no query of the dialect."""

    def __init__(self, text: str, dialect: str) -> None:
        self.text, self.dialect = text, dialect
        reader = Dialect.get_or_raise(rules_of(dialect).reader or dialect)
        self.tokens: list[Token] = reader.tokenize(text)
        parser = reader.parser()
        _watched(parser)
        self.statements = [one for one in parser.parse(self.tokens, text) if one is not None]
        self._at = {token.start: i for i, token in enumerate(self.tokens)}
        self._ends = {token.end + 1: i for i, token in enumerate(self.tokens)}

    def nodes(self) -> Iterator[exp.Expr]:
        """All nodes, the outer ones first."""
        for one in self.statements:
            yield from one.walk(bfs=False)

    def span(self, node: object) -> Span | None:
        """The place of a node: what the parser read for it, and what its parts are. None where nobody knows."""
        if not isinstance(node, exp.Expr):
            return None
        found = node.meta.get(f"{_HELD}s")
        if found is None:
            found = self._span(node) or ()
            node.meta[f"{_HELD}s"] = found
        return found or None

    def source(self, node: object) -> str:
        """The user's own words for a node; empty where its place is not known."""
        span = self.span(node)
        return self.text[span[0] : span[1]] if span else ""

    def _span(self, node: exp.Expr) -> Span | None:
        spans = [found for child in node.iter_expressions() if (found := self.span(child)) is not None]
        own = node.meta.get(_HELD)
        if own is not None:
            spans.append(own)
        elif "start" in node.meta and isinstance(node, exp.Func):
            spans.append((node.meta["start"], self._closed(node.meta["start"])))
        elif node.meta.get("start") is not None:
            spans.append((node.meta["start"], node.meta["end"] + 1))
        if not spans:
            return None
        start, end = min(one[0] for one in spans), max(one[1] for one in spans)
        before = self._at.get(start, 0) - 1
        keyword = _CONNECTED.get(type(node))
        if keyword is not None and before >= 0 and self.tokens[before].token_type == keyword:
            start = self.tokens[before].start
        inside = (own is None and "start" not in node.meta) or (own is not None and own[0] == start)
        if inside and isinstance(node, exp.Func) and self._closed(start) != end:
            start = self._opened(start)
        return start, self._balanced(start, end)

    def _opened(self, start: int) -> int:
        """Where a call begins whose first argument begins there, such as that of CAST."""
        before = self._at.get(start, 0) - 1
        if before < 1 or self.tokens[before].token_type != TokenType.L_PAREN:
            return start
        name = self.tokens[before - 1]
        return name.start if name.text.isidentifier() and name.end + 1 == self.tokens[before].start else start

    def _closed(self, start: int) -> int:
        """Where a call that begins there ends: with its closing bracket, if it has any."""
        place = self._at[start]
        if place + 1 < len(self.tokens) and self.tokens[place + 1].token_type == TokenType.L_PAREN:
            return self._balanced(start, self.tokens[place + 1].end + 1)
        return self.tokens[place].end + 1

    def _balanced(self, start: int, end: int) -> int:
        """The end, moved on until each bracket that is opened is closed."""
        first, last = self._at.get(start), self._ends.get(end)
        if first is None or last is None:
            return end
        open_ = 0
        for i in range(first, len(self.tokens)):
            open_ += self.tokens[i].token_type == TokenType.L_PAREN
            open_ -= self.tokens[i].token_type == TokenType.R_PAREN
            if i >= last and open_ <= 0:
                return self.tokens[i].end + 1 if open_ == 0 else end
        return end

    def token_before(self, start: int) -> Token | None:
        """The token before the one that begins there."""
        place = self._at.get(start, 0) - 1
        return self.tokens[place] if place >= 0 else None

    def token_after(self, end: int) -> Token | None:
        """The token after the one that ends there."""
        place = self._ends.get(end, len(self.tokens)) + 1
        return self.tokens[place] if place < len(self.tokens) else None

    def between(self, start: int, end: int) -> list[Token]:
        """The tokens from one place to another."""
        return [token for token in self.tokens if token.start >= start and token.end < end]


def _watched(parser: Any) -> None:
    """Let a parser note, for each node that one of its methods gives, which tokens that method read."""
    for name in dir(parser):
        if name.startswith("_parse_") and callable(getattr(parser, name)):
            setattr(parser, name, _noting(parser, getattr(parser, name)))


def _noting(parser: Any, method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def noting(*given: Any, **named: Any) -> Any:
        begun = parser._index
        node = method(*given, **named)
        if isinstance(node, exp.Expr) and parser._index > begun and _HELD not in node.meta:
            node.meta[_HELD] = (parser._tokens[begun].start, parser._tokens[parser._index - 1].end + 1)
        return node

    return noting


def placed(text: str, dialect: str) -> Placed | None:
    """A query with places; None where it cannot be read so."""
    try:
        return Placed(text, dialect)
    except (SqlglotError, RecursionError, AttributeError, IndexError):
        return None
