"""Users with known truth for the tests' error rates: BG/BB users by cohort, the null families, a planted loyal share.

A user is active in a month with chance p while alive, and leaves after a month with chance theta, so that gaps are
no churn (BG/BB: Fader, Hardie & Shang 2010). p and theta are Beta-distributed over users. Every family but
`loyal` is a null: no cohort has a cause to stay of its own. The parameters of the reference population are those
of the size study in the project's notes on retention statistics; families with other values are written with
`dataclasses.replace`. Requests and days are drawn, too, for the diagnostics of always-on accounts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from analysis.inference.cohorts.cells import Bools, Floats, Ints
from analysis.inference.cohorts.panel import Panel
from analysis.months import month_after, month_end

MONTH_DAYS = 30
LOYAL_ACTIVITY = (
    0.9  # chance of a loyal user to be active in a month: R(5) of .33 at a share of .25 asks for it
)
LONG_LIFE = 1000  # months: a user without churn


@dataclass(frozen=True)
class Prior:
    """Users' Beta distributions: activity p ~ Beta(a, b), monthly dropout theta ~ Beta(c, d).

    link: 0 to 1, how strongly the two go together (active users leave less: a Gaussian copula with correlation
    -link).
    """

    a: float = 2.0
    b: float = 1.2
    c: float = 1.2
    d: float = 2.0
    link: float = 0.0


@dataclass(frozen=True)
class Population:
    """A market's users of one model, cohort by cohort; a family of panels that `draw` samples.

    sizes: users a cohort; months: columns of the panel (default: one more than cohorts); period: factor on activity
    by calendar month index, for all; cohort_sd: standard deviation of a normal shift of log c (dropout) between
    cohorts; drift: added to log c a cohort (later ones leave sooner); slowing: the drift is over the logarithm of a
    cohort's place, not over the place; worse: (cohort, shift of log c); loyal: share
    of the launch cohort that never leaves; whales: share of the launch cohort that are always-on keys;
    whale_accounts: each of them is an organisation of its own, else all are one; short_days: the launch cohort
    joined in the last so many days of its month (None: no day of joining is modelled); organisations: for each cohort
    the users of its organisations, adding up to its size (empty: every user is its own); likeness: correlation of the
    activity of two users of one organisation. Users of an organisation that came in different months are independent.
    """

    name: str
    sizes: tuple[int, ...]
    prior: Prior = Prior()
    months: int | None = None
    period: Mapping[int, float] = field(default_factory=dict)
    cohort_sd: float = 0.0
    drift: float = 0.0
    slowing: bool = False
    worse: tuple[int, float] | None = None
    loyal: float = 0.0
    whales: float = 0.0
    whale_accounts: bool = True
    whale_volume: float = 40.0  # times an ordinary user's requests (assumed)
    short_days: float | None = None
    organisations: tuple[tuple[int, ...], ...] = ()
    likeness: float = 0.0

    @property
    def is_null(self) -> bool:
        """Whether no cohort has loyal users of its own."""
        return self.loyal == 0

    def draw(self, rng: np.random.Generator, min_cohort: int = 1) -> Panel:
        """One panel of this population, without volumes."""
        total = self.months or len(self.sizes) + 1
        sizes = np.array(self.sizes, dtype=np.int64)
        cohort = np.repeat(np.arange(len(sizes)), sizes)
        n = len(cohort)
        shift = np.zeros(len(sizes))
        if self.cohort_sd:
            shift += rng.normal(0.0, self.cohort_sd, len(sizes))
        shift += self.drift * self._place(np.arange(len(sizes)))
        if self.worse:
            shift[self.worse[0]] += self.worse[1]
        p, theta = _draw_traits(rng, self.prior, cohort, shift)
        launch = int(sizes[0])
        loyal = np.arange(n) < round(self.loyal * launch)  # of the launch cohort, which stands first
        same, organisation = np.arange(n), None
        if self.organisations:
            same, organisation = _organised(rng, self.organisations, self.likeness)
            loyal[:launch] = rng.permutation(loyal[:launch])  # in any organisation
        whale = np.arange(n) < round(self.whales * launch)
        p[loyal], theta[loyal] = LOYAL_ACTIVITY, 0.0
        p[whale], theta[whale] = 1.0, 0.0
        p, life = p[same], _lifetimes(rng, theta)[same]
        joined = np.zeros(n)
        if self.short_days is not None:
            joined = rng.random(n)
            first = cohort == 0
            joined[first] = 1 - rng.random(int(first.sum())) * self.short_days / MONTH_DAYS
            joined = joined[same]
        factor = np.array([self.period.get(m, 1.0) for m in range(total)], dtype=np.float32)
        p, until = p.astype(np.float32), (life + joined).astype(np.float32)
        active, chance = np.zeros((n, total), np.bool_), rng.random((n, total), dtype=np.float32)
        begin = 0
        for c, size in enumerate(self.sizes):  # a cohort can be active only in the months after its first
            if not size:
                continue
            rows, ages = slice(begin, begin + size), np.arange(1, total - c, dtype=np.float32)
            drawn = chance[rows, c + 1 :]
            if self.organisations:
                drawn = drawn[same[rows] - begin]  # of one organisation, and so of one cohort
            seasons = np.broadcast_to(factor[c + 1 :], drawn.shape)
            if c == 0 and whale.any():
                seasons = np.where(whale[rows, None], np.float32(1.0), seasons)
            active[rows, c] = True
            active[rows, c + 1 :] = (drawn < p[rows, None] * seasons) & (ages <= until[rows, None])
            begin += size
        if not self.whale_accounts:
            organisation = np.arange(n)
            organisation[whale] = 0
        panel = Panel(
            "simulated", month_range(total), cohort, active, organisation=organisation, min_cohort=min_cohort
        )
        if self.short_days is None:
            return panel
        whole = active.copy()  # the same users by 30-day windows: the day of joining plays no part
        age = np.arange(total) - cohort[:, None]
        whole[active & (age > 0) & (age > life[:, None])] = False
        windows = replace(panel, months=panel.months[:-1], active=whole[:, :-1], windows="30 days")
        return replace(panel, rewindowed=windows)

    def with_volumes(self, panel: Panel, rng: np.random.Generator) -> Panel:
        """A panel of `draw` with requests and days for each active month."""
        whale = np.arange(panel.users) < round(self.whales * self.sizes[0])
        requests = _volumes(rng, panel.active, whale, self.whale_volume)
        bits = _days(rng, requests, whale, panel.months)
        return replace(panel, requests=requests, days=np.bitwise_count(bits).astype(np.int8), day_bits=bits)

    def _place(self, cohort: Ints | int) -> Floats:
        """How often a cohort's users bear the drift."""
        return np.asarray(np.log1p(cohort) if self.slowing else cohort, dtype=np.float64)

    def expected(self, cohort: int, k: int) -> float:
        """E R(cohort, k) of the population without period effects, variation or days of joining."""
        from scipy.special import betaln

        prior = self.prior
        c = prior.c * np.exp(self.drift * self._place(cohort))
        if self.worse and self.worse[0] == cohort:
            c *= np.exp(self.worse[1])
        share = prior.a / (prior.a + prior.b) * np.exp(betaln(c, prior.d + k) - betaln(c, prior.d))
        if cohort == 0:
            share = (1 - self.loyal - self.whales) * share + self.loyal * LOYAL_ACTIVITY + self.whales
        return float(share)


def _organised(
    rng: np.random.Generator, sizes: tuple[tuple[int, ...], ...], likeness: float
) -> tuple[Ints, Ints]:
    """For each user the one whose life and activity it shares (itself: none), and the code of its organisation.

    Each user follows its organisation with chance sqrt(likeness), and all who do are one: two users so correlate by
    the likeness at every age, and every one of them alone is as without organisations.
    """
    flat = np.array([size for cohort in sizes for size in cohort], dtype=np.int64)
    organisation = np.repeat(np.arange(len(flat)), flat)
    n = len(organisation)
    follows = np.flatnonzero(rng.random(n) < np.sqrt(likeness))
    first = np.full(len(flat), n)
    first[organisation[follows[::-1]]] = follows[::-1]  # of several the last that is written stays: the first
    same = np.arange(n)
    same[follows] = first[organisation[follows]]
    return same, organisation


def _draw_traits(
    rng: np.random.Generator, prior: Prior, cohort: Ints, shift: Floats
) -> tuple[Floats, Floats]:
    """Each user's p and theta."""
    n = len(cohort)
    shapes = prior.c * np.exp(shift)
    if not prior.link:
        return rng.beta(prior.a, prior.b, n), rng.beta(shapes[cohort], prior.d)
    from scipy.stats import beta, norm

    first = rng.normal(size=n)
    second = -prior.link * first + np.sqrt(1 - prior.link**2) * rng.normal(size=n)
    return (
        np.asarray(beta.ppf(norm.cdf(first), prior.a, prior.b), dtype=np.float64),
        np.asarray(beta.ppf(norm.cdf(second), shapes[cohort], prior.d), dtype=np.float64),
    )


def _lifetimes(rng: np.random.Generator, theta: Floats) -> Floats:
    """Months that each user survives, in continuous time: longer than t with chance (1 - theta)^t."""
    stays = np.log1p(-np.minimum(theta, 1 - 1e-12))
    u = np.log(1.0 - rng.random(len(theta)))
    return np.where(stays < -1e-6, u / np.minimum(stays, -1e-12), LONG_LIFE)


def _volumes(rng: np.random.Generator, active: Bools, whale: Bools, factor: float) -> npt.NDArray[np.int32]:
    """Requests of each month: a user's level is lognormal(log 30, 1), a month's factor lognormal(0, .5); whales' months
    hardly differ (assumed)."""
    n, months = active.shape
    level = np.exp(rng.normal(np.log(30.0), 1.0, n))
    level[whale] = 30.0 * factor * np.exp(rng.normal(0.0, 0.3, int(whale.sum())))
    user, month = np.nonzero(active)
    spread = np.where(whale, 0.1, 0.5).astype(np.float32)[user]
    noise = np.exp(spread * rng.standard_normal(len(user), dtype=np.float32))
    requests = np.zeros((n, months), np.int32)
    requests[user, month] = np.maximum(level[user].astype(np.float32) * noise, 1.0)
    return requests


def _days(
    rng: np.random.Generator, requests: npt.NDArray[np.int32], whale: Bools, months: Sequence[dt.date]
) -> Ints:
    """Bits of the days of each month with a request: those that so many requests a day fill by chance, one at least.

    People work less on weekends, by a habit of their own: uniform between not at all and like on other days (assumed).
    Whales have no week.
    """
    habit = np.where(whale, 1.0, rng.random(len(requests))).astype(np.float32)
    bits = np.zeros(requests.shape, np.int64)
    for i, month in enumerate(months):
        user = np.flatnonzero(requests[:, i])
        length = month_end(month).day
        free = (month.weekday() + np.arange(length)) % 7 >= 5
        chance = -np.expm1(-requests[user, i, None].astype(np.float32) / length)
        chance = np.where(free, chance * habit[user, None], chance)
        on = rng.random((len(user), length), dtype=np.float32) < chance
        silent = np.flatnonzero(~on.any(axis=1))
        on[silent, rng.integers(length, size=len(silent))] = True
        bits[user, i] = on @ (1 << np.arange(length, dtype=np.int64))
    return bits


def month_range(months: int) -> tuple[dt.date, ...]:
    """First days of consecutive calendar months, from January 2025 on."""
    return tuple(month_after(dt.date(2025, 1, 1), k) for k in range(months))


def null_families(
    sizes: Sequence[int], prior: Prior = Prior(), months: int | None = None
) -> list[Population]:
    """The nulls of the size study, on these cohort sizes: what fakes a loyal launch cohort, one at a time."""
    base = Population("same users in every cohort", tuple(sizes), prior, months)
    total = months or len(sizes) + 1
    shock = min(5, total - 1)
    seasons = {m: 0.7 if m % 6 == 3 else 1.25 for m in range(total) if m % 3 == 0 and m}
    crowd = list(sizes)
    promo = min(3, len(sizes) - 1)
    crowd[promo] = 4 * crowd[promo]
    return [
        base,
        replace(
            base, name=f"calendar shock at month {shock}", period=dict.fromkeys(range(shock, total), 0.65)
        ),
        replace(base, name="seasons", period=seasons),
        replace(base, name="cohorts vary", cohort_sd=0.25),
        replace(base, name="gradual decline", drift=0.08),
        replace(base, name="one big low-quality cohort", sizes=tuple(crowd), worse=(promo, 0.8)),
        replace(base, name="short first month", short_days=7.5),
        replace(base, name="whale: 8% always-on accounts", whales=0.08),
        replace(base, name="whale: one organisation of 8%", whales=0.08, whale_accounts=False),
        replace(base, name="8% always-on accounts of 60 requests a month", whales=0.08, whale_volume=2.0),
    ]


def planted(
    sizes: Sequence[int], loyal: float, prior: Prior = Prior(), months: int | None = None
) -> Population:
    """A launch cohort with a share of users that never leave and are active in nine months of ten."""
    return Population(f"{loyal:.0%} loyal at launch", tuple(sizes), prior, months, loyal=loyal)
