"""Facts of a log that checks look at: a few scans, each made once and only if a check asks. All stay small tables."""

from __future__ import annotations

import datetime as dt
import math
from functools import cached_property
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis import contract
from analysis import vocabulary as v
from analysis.inspection.offsets import UTC_OFFSET
from analysis.operations import MICROSECONDS
from analysis.proportions import share
from analysis.queries import cost
from analysis.queries.query import collect
from analysis.sources.log import Log, NotAvailable
from analysis.sources.soundness import PARTS

MOST_ROWS_SORTED = 2_000_000  # of larger logs a sample of the users is looked at for repeats: of so many rows
REPEATED_WITHIN_S = 60
DAY_S = 86_400
COUNTRY_CODE = "^[A-Z]{2}$"
LONGEST_PROMPT = 10_000_000  # tokens, of a model whose context is not known (assumed)
TURN = 2 * math.pi * DAY_S**-1  # of the clock of a day, in radians a second


class Facts:
    """Facts of an opened log whose columns conform."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.rows = log.rows

    def has(self, *columns: str) -> bool:
        """Whether the log has all of the columns."""
        return self.log.columns.issuperset(columns)

    @cached_property
    def whole(self) -> dict[str, Any]:
        """Counts and sums over all rows, in one scan: see the names."""
        t = self.log.generations
        wanted: dict[str, ir.Value] = {
            "cost": v.amount(t.cost_total),
            "tokens": v.total(v.tokens_total(t)),
            "zero_cost": v.count_where(t.cost_total == 0),
        }
        for name in (f.name for f in contract.GENERATIONS if f.name in self.log.columns):
            wanted[f"null {name}"] = v.count_where(t[name].isnull())
        for part, of in PARTS:
            if part in self.log.columns:
                some = (t[part] > 0) & (t[of] > 0)
                wanted[f"some {part}"] = v.count_where(some)
                wanted[f"above half {part}"] = v.count_where(some & (2 * t[part] > t[of] + 1))
                wanted[f"near half {part}"] = v.count_where(
                    some & (2 * t[part] <= t[of] + 1) & (5 * t[part] > 2 * t[of])
                )
        if self.has("country"):
            wanted["no code"] = v.count_where(~t.country.re_search(COUNTRY_CODE))
        if self.has("session_id"):
            wanted["session is user"] = v.count_where(t.session_id == t.user_id)
        if self.has("account_id"):
            wanted["account is user"] = v.count_where(t.account_id == t.user_id)
        if self.has("finish_reason", "cancelled"):
            wanted["null reason of no error"] = v.count_where(t.finish_reason.isnull() & ~t.cancelled)
        return dict(t.aggregate(**wanted).to_pyarrow().to_pylist()[0])

    def null(self, column: str) -> int:
        """Rows in which a column has no value."""
        return int(self.whole[f"null {column}"] or 0)

    @cached_property
    def per_user(self) -> ir.Table:
        """One row a user: rows, days with a row, first and last day, and how many countries; kept in the engine."""

        def build() -> ir.Table:
            t = self.log.generations.filter(self.log.generations.user_id.notnull())
            day = v.day(t.created_at)
            sums = {
                "rows": t.count().cast("int64"),
                "days": day.nunique(),
                "first": day.min(),
                "last": day.max(),
            }
            sums["countries"] = t.country.nunique() if self.has("country") else ibis.literal(1)
            return t.group_by("user_id").aggregate(**sums)

        return self.log.shared("inspected_users", build)

    @cached_property
    def users(self) -> dict[str, Any]:
        """Of the users: how many, how many with a second day, rows of those seen in several countries, the largest."""
        t = self.per_user
        some = t.aggregate(
            users=t.count(), returning=v.count_where(t.days > 1), largest=t.rows.max(),
            spread=v.total_where(t.rows, t.countries > 1), spread_users=v.count_where(t.countries > 1),
        )  # fmt: skip
        found = dict(some.to_pyarrow().to_pylist()[0])
        top = t.order_by(ibis.desc("rows"), v.in_byte_order(t.user_id)).limit(1).to_pyarrow().to_pylist()
        return found | {"top": str(top[0]["user_id"]) if top else ""}

    def named(self, names: str) -> list[dict[str, Any]]:
        """Users whose id, in small letters, matches a regular expression: user_id and rows, the largest first."""
        t = self.per_user
        found = t.filter(t.user_id.lower().re_search(names)).select("user_id", "rows")
        return list(
            found.order_by(ibis.desc("rows"), v.in_byte_order(found.user_id)).to_pyarrow().to_pylist()
        )

    def no_codes(self, most: int) -> list[str]:
        """The first so many values of `country` that are no codes."""
        t = self.log.generations
        shown = t.filter(~t.country.re_search(COUNTRY_CODE)).select("country").distinct()
        shown = shown.order_by(v.in_byte_order(shown.country)).limit(most)
        return [str(value) for value in shown.to_pyarrow()["country"].to_pylist()]

    @cached_property
    def ends_of_users(self) -> pd.DataFrame:
        """By day, from the log's first to its last: users whose first row is of it (came), whose last is (went)."""
        t = self.per_user
        came = collect(t.group_by(day=t["first"]).aggregate(came=t.count())).set_index("day")["came"]
        went = collect(t.group_by(day=t["last"]).aggregate(went=t.count())).set_index("day")["went"]
        days = pd.date_range(min(came.index.min(), went.index.min()), max(came.index.max(), went.index.max()))
        return pd.DataFrame({"came": came, "went": went}).reindex(days).fillna(0.0)

    @cached_property
    def handovers(self) -> pd.DataFrame:
        """Accounts of two users of whom one was last seen before the other was first: that day (before), this one
        (after), and how many accounts have the same days."""
        t = self.log.generations
        t = t.filter(t.user_id.notnull(), t.account_id.notnull())
        day = v.day(t.created_at)
        users = t.group_by("account_id", "user_id").aggregate(first=day.min(), last=day.max())
        pairs = users.group_by("account_id").aggregate(
            users=users.count(), before=users["last"].min(), after=users["first"].max()
        )
        pairs = pairs.filter(pairs.users == 2, pairs.before < pairs.after)
        return collect(pairs.group_by("before", "after").aggregate(accounts=pairs.count().cast("int64")))

    @cached_property
    def weekly_nulls(self) -> pd.DataFrame:
        """By week: rows, and of each column that may be null how many are."""
        t = self.log.generations
        names = [f.name for f in contract.GENERATIONS if f.name in self.log.columns and f.nullable]
        sums = {name: v.count_where(t[name].isnull()) for name in names}
        return collect(
            t.group_by(week=v.week(t.created_at)).aggregate(rows=t.count(), **sums).order_by("week")
        )

    @cached_property
    def repeats(self) -> tuple[int, int]:
        """Rows of a user, model and length of prompt that follow another such within a minute, and of how many."""
        t = self.log.generations
        every = math.ceil(share(self.rows, MOST_ROWS_SORTED))
        if every > 1 and self.log.connection.name == "duckdb":
            t = t.filter(t.user_id.hash() % every == 0)
        at = v.seconds(t.created_at)
        alike = ibis.window(group_by=[t.user_id, t.model, t.tokens_prompt], order_by=t.created_at)
        # Copies of a row, which share its id, are told by another check.
        copy = t.generation_id.lag().over(alike) == t.generation_id
        gaps = t.select(gap=at - at.lag().over(alike), copy=copy)
        found = gaps.aggregate(
            again=v.count_where((gaps.gap <= REPEATED_WITHIN_S) & ~gaps.copy), rows=gaps.count()
        )
        one = found.to_pyarrow().to_pylist()[0]
        return int(one["again"] or 0), int(one["rows"])

    @cached_property
    def directions(self) -> pd.DataFrame:
        """Where on the clock of the day requests lie, of countries whose time is known: one row a name of a country or
        of a provider (of: which of both). n: requests; cos, sin: sums of the cosine and the sine of the local hour; nn,
        coscos, sinsin, cossin: sums over users of products of theirs."""
        t = self.log.generations
        hours = t.country.cases(*UTC_OFFSET.items(), else_=None)
        angle = (v.seconds(t.created_at) + hours * 3600.0) * TURN
        provider = t.provider_name if self.has("provider_name") else ibis.literal("")
        t = t.mutate(angle=angle, provider=provider).filter(hours.notnull())
        t = t.group_by("user_id", "country", "provider").aggregate(
            n=t.count(), cos=t.angle.cos().sum(), sin=t.angle.sin().sum()
        )
        kept = self.log.shared("inspected_directions", lambda: t)
        parts = []
        for of in ("country", "provider"):
            users = kept.group_by("user_id", of).aggregate(
                n=kept.n.sum(), cos=kept.cos.sum(), sin=kept.sin.sum()
            )
            sums = {name: users[name].sum() for name in ("n", "cos", "sin")}
            sums |= {
                f"{a}{b}": (users[a] * users[b]).sum()
                for a, b in (("n", "n"), ("cos", "cos"), ("sin", "sin"), ("cos", "sin"))
            }
            parts.append(collect(users.group_by(name=users[of]).aggregate(**sums)).assign(of=of))
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def names_of_versions(self) -> pd.DataFrame:
        """Rows by dated version and the name of the model that it is logged under."""
        t = self.log.generations
        t = t.filter(t.model_permaslug.notnull() & t.model.notnull())
        return collect(t.group_by("model_permaslug", "model").aggregate(rows=t.count()))

    @cached_property
    def above_context(self) -> tuple[int, str]:
        """Rows whose prompt is longer than what their model can take, and some of the models."""
        models, t = self.log.models, self.log.generations
        if models is None or "context_tokens" not in models.columns:
            long = t.filter(t.tokens_prompt > LONGEST_PROMPT)
            return int(long.count().to_pyarrow().as_py()), ""
        facts = models.filter(models.context_tokens.notnull()).select(listed="model", room="context_tokens")
        both = t.inner_join(facts, t.model == facts.listed)
        long = both.filter(both.tokens_prompt > both.room)
        frame = collect(long.group_by("listed").aggregate(rows=long.count()))
        return int(frame["rows"].sum()), ", ".join(sorted(frame["listed"])[:3])

    @cached_property
    def charged(self) -> pd.DataFrame | None:
        """What models cost against their list price (`cost.list_price`); None where no list price is known."""
        try:
            frame = cost.list_price(self.log)
        except NotAvailable:
            return None
        frame = frame[frame["list_cost_usd"] > 0]
        return frame if len(frame) else None

    @cached_property
    def after_the_end(self) -> int:
        """Rows of the seven days before the last one that are later in their day than the log's last row."""
        t, end = self.log.generations, self.log.end
        if end is None:
            return 0
        day, at = v.day(t.created_at), v.microseconds(t.created_at) % (DAY_S * MICROSECONDS)
        since = end.date() - dt.timedelta(days=7)
        into = end - end.replace(hour=0, minute=0, second=0, microsecond=0)
        last = into.seconds * MICROSECONDS + into.microseconds
        week = t.filter((day >= since) & (day < end.date()) & (at > last))
        return int(week.count().to_pyarrow().as_py())
