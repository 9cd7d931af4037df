"""Claims on logs where the answer is set by hand: one in which a claim must hold, and one with the data broken."""

from __future__ import annotations

import datetime as dt

import pytest

from testbed.claims import predicates
from testbed.claims.registry import registry
from testbed.claims.scoreboard import judge
from tests.testbed.claims.market_log import CATEGORY_WEEK, Line, cohort, fact, log_of

CLOSED, CN, ROW = "acme/closed", "deepseek/open", "meta-llama/open"
KINDS = [fact(CLOSED), fact(CN, "cn-open"), fact(ROW, "row-open")]


def ramp(first, last, since=0, weeks=56):
    """A line from `first` to `last` over the weeks from `since` on, with a little noise that goes up and down."""

    def value(week):
        noise = 0.02 * (last - first) * (1 if week * week % 7 < 3 else -1) if 0 < week < weeks - 1 else 0
        return max(0.0, first + (last - first) * max(0, week - since) / (weeks - 1 - since) + noise)

    return value


def shares(closed, cn, row):
    """Weekly lines whose tokens are these shares of a million (numbers or functions of the week)."""

    def scaled(part):
        return lambda week: 1e6 * (part(week) if callable(part) else part)

    return [Line(CLOSED, scaled(closed)), Line(CN, scaled(cn)), Line(ROW, scaled(row))]


def open_world(closed=0.7, cn=0.13, row=0.137):
    return log_of(shares(closed, cn, row), KINDS)


def category_lines(parts, n=6):
    """Labelled lines: (model, category, tokens)."""
    return [Line(slug, tokens, category, n) for slug, category, tokens in parts]


def mix(model_id, kind="closed", **tokens):
    names = {"seo": "marketing/seo"}
    lines = category_lines([(model_id, names.get(name, name), value) for name, value in tokens.items()])
    return log_of(lines, [fact(model_id, kind)])


def spend(**authors):
    """Labelled programming spend by author, thousands of dollars a week (numbers or functions of the week)."""
    lines, facts = [], []
    for author, usd in authors.items():
        slug = f"{author.replace('_', '-')}/m"
        lines.append(
            Line(
                slug,
                usd if callable(usd) else (lambda week, usd=usd: usd),
                "programming",
                3,
                usd_per_mtok=1e6,
            )
        )
        facts.append(fact(slug))
    return log_of(lines, facts)


def continents(**parts):
    names = {"NA": "North America", "EU": "Europe", "AS": "Asia"}
    return log_of(
        [Line(CLOSED, value, more={"continent": names[key]}) for key, value in parts.items()], KINDS
    )


def languages(**parts):
    return log_of(
        [Line(CLOSED, value, more={"language": key.replace("_", "-")}) for key, value in parts.items()], KINDS
    )


SONNET, PRO, MINI = "anthropic/claude-sonnet-4", "google/gemini-2.5-pro", "openai/gpt-4o-mini"
R1, MAVERICK = "deepseek/deepseek-r1", "meta-llama/llama-4-maverick"


def retention(*cohorts, facts=(), start=dt.date(2024, 6, 1)):
    return log_of(visits=[visit for part in cohorts for visit in part], facts=facts, start=start)


def sonnet(month5, later=50, pro=400):
    return retention(
        cohort(SONNET, "2025-05", 1000, [600, 500, 450, 430, month5]),
        cohort(SONNET, "2025-06", 1000, [300, 150, later + 50, later, later]),
        cohort(SONNET, "2025-07", 1000, [300, 150, later + 50, later]),
        cohort(PRO, "2025-06", 1000, [600, 500, 450, 430, pro]),
        cohort(PRO, "2025-07", 1000, [300, 150, 100, 60]),
        facts=[fact(SONNET, released="2025-05-22"), fact(PRO, released="2025-06-17")],
    )  # fmt: skip


MINI_41, SONNET_45 = "openai/gpt-4.1-mini", "anthropic/claude-sonnet-4.5"


def incumbents(sonnet_active, mini_active):
    """Launch cohorts of Claude Sonnet 4 and GPT-4o mini, whose rivals come in their months 4 and 9, beside one later
    cohort each that leaves at a steady rate."""
    steady = [round(400 * 0.8**k) for k in range(10)]
    return retention(
        cohort(SONNET, "2025-05", 1000, sonnet_active),
        cohort(SONNET, "2025-06", 1000, steady[:5]),
        cohort(MINI, "2024-07", 1000, mini_active),
        cohort(MINI, "2024-09", 1000, steady),
        facts=[fact(SONNET, released="2025-05-22"), fact(SONNET_45, released="2025-09-29"),
               fact(MINI, released="2024-07-18"), fact(MINI_41, released="2025-04-14")],
    )  # fmt: skip


def maverick(launch):
    later = [
        cohort(MAVERICK, f"2025-{month:02d}", 1000, [200, 120, 80, 60, 50][: 11 - month])
        for month in (5, 6, 7, 8)
    ]
    first = cohort(MAVERICK, "2025-04", 1000, launch)
    return retention(first, *later, facts=[fact(MAVERICK, "row-open", released="2025-04-05")])


CHURN, STICKY = [60, 40, 30, 25, 20], [120, 100, 90, 85, 80]  # active of 200 in the months after the first


def many(*lags, names=6, sticky=(0,), start="2024-12"):
    """Cohorts of six models, released in a month, that start some months later; those at the lags of `sticky` stay."""
    year, month = (int(part) for part in start.split("-"))
    months = {lag: f"{year + (month - 1 + lag) // 12}-{(month - 1 + lag) % 12 + 1:02d}" for lag in lags}
    facts = [fact(f"a/m{i}", released=f"{start}-01") for i in range(names)]
    return retention(*(cohort(f"a/m{i}", months[lag], 200, STICKY if lag in sticky else CHURN)
                       for i in range(names) for lag in lags), facts=facts)  # fmt: skip


def one_of(lag_of_the_sticky):
    """Eight cohorts of a model of which one stays."""
    return many(*range(7), names=1, sticky=(lag_of_the_sticky,))


def mini(*later):
    """GPT-4o mini: a launch cohort that stays, and later ones."""
    first = cohort(MINI, "2024-07", 1000, [600, 500, 450, 430, 400])
    rest = [
        cohort(MINI, f"2024-{month:02d}", 1000, active)
        for month, active in zip((9, 10, 11, 12), later, strict=True)
    ]
    return retention(first, *rest, facts=[fact(MINI, released="2024-07-18")])


FLOOR, HALF = [200, 120, 80, 60, 50], [600, 500, 400, 390, 380]


def irregular(swap):
    """DeepSeek R1 with six cohorts whose order at month 4 is that of month 1, or the reverse; V3 0324 is used most."""
    first = [100, 90, 80, 70, 60, 50]
    last = sorted(first, reverse=not swap)
    cohorts = [cohort(R1, f"2025-{2 + i:02d}", 200, [first[i], 45, 40, last[i] // 4, 10]) for i in range(6)]
    v3 = "deepseek/deepseek-chat-v3-0324"
    facts = [
        fact(R1, "cn-open", released="2025-01-20"),
        fact(v3, "cn-open", released="2025-03-24"),
        fact(CLOSED),
    ]
    visits = [visit for part in (*cohorts, cohort(v3, "2025-04", 200, CHURN)) for visit in part]
    return log_of([Line(v3, 1e6), Line(CLOSED, 1e5)], facts, visits, start=dt.date(2024, 6, 1))


def volumes(*sticky_ranks):
    """Seven models from the most to the least used, Gemini 2.0 Flash first; those of the ranks have a lasting
    cohort."""
    names = ["google/gemini-2.0-flash-001", *(f"a/m{i}" for i in range(1, 7))]
    visits = [visit for rank, name in enumerate(names) for visit in
              cohort(name, "2025-03", 200,
                     STICKY if rank in sticky_ranks else [*CHURN[:4], 10 + 2 * rank])]  # fmt: skip
    lines = [Line(name, 1e6 / 2**rank) for rank, name in enumerate(names)]
    return log_of(
        lines, [fact(name, released="2025-03-01") for name in names], visits, start=dt.date(2024, 6, 1)
    )


# Categories: USD a million tokens and tokens a week, so that four stand in each corner of figure 26 that claims need.
PLACED = {
    "programming": (0.70, 1e6), "roleplay": (0.5, 9e5), "marketing/seo": (0.6, 3e5), "translation": (0.4, 3e5),
    "legal": (0.5, 1e5), "trivia": (0.3, 3e4), "technology": (2.0, 6e5), "science": (0.74, 5e5),
    "finance": (1.0, 1e5), "academia": (0.9, 1.1e5), "health": (0.95, 9e4), "marketing": (0.85, 8e4),
}  # fmt: skip


def placed(opened=(), without=(), **changed):
    """Labelled requests by category with their cost and use; open models serve those in `opened`."""
    cells = {name: cell for name, cell in (PLACED | changed).items() if name not in without}
    return log_of([Line(CN if name in opened else CLOSED, tokens, name, 2, usd_per_mtok=usd)
                   for name, (usd, tokens) in cells.items()], KINDS)  # fmt: skip


def longer(last):
    """Six programming requests a week of 12 to `last` thousand tokens, beside 24 of 3 thousand without a label."""
    return log_of([Line(CLOSED, ramp(72e3, 6e3 * last, since=CATEGORY_WEEK), "programming", 6),
                   Line(CLOSED, 72e3, n=24)], KINDS)  # fmt: skip


def flash(launch):
    """As `maverick`, of Gemini 2.0 Flash."""
    model_id = "google/gemini-2.0-flash-001"
    later = [cohort(model_id, f"2025-{month:02d}", 1000, FLOOR) for month in (3, 4, 5)]
    return retention(
        cohort(model_id, "2025-02", 1000, launch), *later, facts=[fact(model_id, released="2025-02-05")]
    )


def v3(second):
    """The July 2025 cohort of DeepSeek V3 0324, with so many active at month 2."""
    model_id = "deepseek/deepseek-chat-v3-0324"
    return retention(cohort(model_id, "2025-07", 1000, [100, second, 60, 50]),
                     facts=[fact(model_id, "cn-open", released="2025-03-24")])  # fmt: skip


def boomerang(rise):
    return retention(cohort(R1, "2025-04", 1000, [300, 150, rise, 140, 130, 120]),
                     facts=[fact(R1, "cn-open", released="2025-01-20")])  # fmt: skip


TABLE3 = {
    "google/gemini-2.0-flash-001": (0.147, 4.8e6), "deepseek/deepseek-chat-v3-0324": (0.394, 3.5e6),
    "anthropic/claude-3.7-sonnet": (1.963, 7.4e6), "anthropic/claude-sonnet-4": (1.937, 6.9e6),
    "qwen/qwen-2-7b-instruct": (0.052, 8e2), "ibm-granite/granite-4.0-h-micro": (0.036, 9e2),
    "openai/gpt-4": (34.068, 3.4e3), "openai/gpt-5-pro": (34.965, 2.6e3),
}  # fmt: skip


def table3(**changed):
    rows = TABLE3 | changed
    lines = [Line(slug, tokens, usd_per_mtok=usd) for slug, (usd, tokens) in rows.items()]
    return log_of(lines, [fact(slug) for slug in rows])


def market(use_of_cost):
    """Thirty models from 0.05 to 40 dollars a million tokens, with tokens as a function of the cost."""
    costs = [0.05 * 1.26**i for i in range(30)]
    lines = [Line(f"a{i % 7}/m{i}", use_of_cost(i, usd), usd_per_mtok=usd) for i, usd in enumerate(costs)]
    return log_of(lines, [fact(line.model) for line in lines])


def tools(tokens):
    """A model whose tool-call tokens a week are given, of a million."""
    return log_of([Line(CLOSED, lambda week: 1e6 - tokens(week)),
                   Line(CLOSED, tokens, more={"finish_reason": "tool_calls"})], KINDS)  # fmt: skip


LISTED = {"deepseek": 14.37, "qwen": 5.59, "meta-llama": 3.96, "mistralai": 2.92, "openai": 1.65, "minimax": 1.26,
          "z-ai": 1.18, "tngtech": 1.13, "moonshotai": 0.92, "google": 0.82}  # fmt: skip
CHINESE = ("deepseek", "qwen", "minimax", "z-ai", "moonshotai")


def table1(**trillions):
    """Open tokens of the ten authors of table 1; without arguments as the report has them."""
    tokens = {name.replace("_", "-"): value for name, value in trillions.items()} or LISTED
    facts = [fact(f"{author}/o", "cn-open" if author in CHINESE else "row-open") for author in LISTED]
    return log_of([Line(f"{author}/o", 1e5 * value) for author, value in tokens.items()], facts)


GROK, FLASH, OSS = "x-ai/grok-code-fast-1", "google/gemini-2.5-flash", "openai/gpt-oss-120b"


def thinkers(tokens, idle=(), windows=(), more=()):
    """Reasoning models with weekly tokens. idle: on offer without traffic; windows: free launch access of Grok."""
    lines = [Line(slug, value) for slug, value in tokens.items()]
    facts = [fact(slug, reasoning_optimised=True, free_windows=list(windows) if slug == GROK else [])
             for slug in (*tokens, *idle)]  # fmt: skip
    return log_of([*lines, *more, Line(CLOSED, 1e6)], [*facts, *KINDS])


def spike(accounts=1, size=7e4):
    """Tool calls of 5% of the tokens by twenty accounts, and in a week of May `size` of a million more by some."""
    calls = {"finish_reason": "tool_calls"}
    lines = [Line(CLOSED, 2.5e3, more=calls | {"account_id": f"a{i}"}) for i in range(20)]
    lines += [
        Line(
            CLOSED,
            lambda w: size / accounts if w == CATEGORY_WEEK + 1 else 0.0,
            more=calls | {"account_id": f"b{i}" if accounts == 1 else f"a{i}"},
        )
        for i in range(accounts)
    ]
    return log_of([Line(CLOSED, 9.5e5), *lines], KINDS)  # fmt: skip


def prompts(programming, others):
    """Labelled requests with a mean length of programming, and another category's as a share of it or by itself."""
    rest = (lambda w: others * programming(w)) if isinstance(others, float) else others
    return log_of([Line(CLOSED, programming, "programming", 6), Line(CLOSED, rest, "roleplay", 6)], KINDS)


def two_years(prompt=(1500, 6200), completion=(150, 400), reasoning=0.8):
    """A request a week for two years whose lengths grow between the flat first 12 and last 8 weeks; reasoning makes up
    a part of what completions grow by."""

    def between(ends):
        return lambda w: ends[0] + (ends[1] - ends[0]) * min(max((w - 12) / 84, 0.0), 1.0)

    asked, answered = between(prompt), between(completion)
    line = Line(CLOSED, lambda w: asked(w) + answered(w), prompt=lambda w: asked(w) / (asked(w) + answered(w)),
                more=lambda w: {"tokens_reasoning": round(reasoning * (answered(w) - completion[0]))})  # fmt: skip
    return log_of([line], KINDS, weeks=104, first=dt.date(2023, 12, 4), start=dt.date(2023, 12, 4))


def subtags(shares):
    """Labelled requests of one size by content path."""
    return log_of([Line(CLOSED, 1e3 * n, path, n) for path, n in shares.items()], KINDS)


GENERAL, TOOLS, SCRIPTS = (f"/Computers & Electronics/Programming/{name}"
                           for name in ("Other", "Development Tools", "Scripting Languages"))  # fmt: skip


def dispersed(spread=False, **others):
    """Health spread over five sub-tags, beside other categories; spread: technology over six."""
    health = ("Mental Health", "Nutrition", "Health Conditions/Other", "Pharmacy/Drugs & Medications",
              "Oral & Dental Care")  # fmt: skip
    technology = ("Software/Intelligent Personal Assistants", "Software/Business & Productivity Software",
                  "Consumer Electronics/Other", "Computer Hardware/Computer Components", "Networking/Other",
                  "Computer Security/Network Security") if spread else ()  # fmt: skip
    paths = [f"/Health/{name}" for name in health] + [
        f"/Computers & Electronics/{name}" for name in technology
    ]
    lines = [Line(CLOSED, 1e5, path, 2) for path in paths]
    return log_of([*lines, *(Line(CLOSED, value, name, 2) for name, value in others.items())], KINDS)


def anthropic(**rest):
    """Anthropic's tokens, 85% programming and technology."""
    return mix("anthropic/m", programming=6e5, technology=3e5, **rest)


MEDIUM = (
    "qwen/qwen-2.5-coder-32b-instruct",
    "mistralai/mistral-small-24b-instruct-2501",
    "openai/gpt-oss-20b",
)
LARGE = ("qwen/qwen3-235b-a22b-2507", "z-ai/glm-4.5-air", OSS)


def gainers(last):
    """Z.AI, Qwen and Mistral AI gain in the spend on programming, Z.AI up to `last` of about 10,000."""
    slow = ramp(100, 250, since=CATEGORY_WEEK)
    return spend(z_ai=ramp(100, last, since=CATEGORY_WEEK), qwen=slow, mistralai=slow, anthropic=9500)


def medium(*order):
    """Three medium open models with their best weeks one after the other, beside a steady one."""
    lines = [Line(slug, lambda w, at=at: 4e5 if at <= w < at + 10 else 0.0)
             for slug, at in zip(order, (4, 18, 42), strict=True)]  # fmt: skip
    lines.append(Line("a/steady", 1e6))
    return log_of(lines, [fact(line.model, "row-open", size_class="medium") for line in lines])


def large(at_once):
    """Three large open models with use for ten weeks each, together or one after the other."""
    lines = [Line(slug, lambda w, at=(34 if at_once else 20 + 12 * i): 4e5 if at <= w < at + 10 else 0.0)
             for i, slug in enumerate(LARGE)]  # fmt: skip
    return log_of([*lines, Line(CN, 1e6)], [fact(line.model, "cn-open") for line in lines] + [KINDS[1]])


def offered_only_with_calls():
    return log_of([Line(CLOSED, 1000, n=3, more={"tools_offered": True, "finish_reason": "tool_calls"}),
                   Line(CLOSED, 1000, n=3, more={"tools_offered": False})], KINDS)  # fmt: skip


def offered(called):
    calls = {"tools_offered": called, "finish_reason": "tool_calls"}
    return log_of(
        [Line(CLOSED, 1000, n=3, more={"tools_offered": True}), Line(CLOSED, 1000, more=calls)], KINDS
    )


def releases(jump, trend=lambda week: 0.1):
    """The open share jumps by `jump` at each marked release, on top of a trend."""
    dates = {"meta-llama/llama-3.3-70b-instruct": "2024-12-06", "deepseek/deepseek-chat": "2024-12-26",
             "deepseek/deepseek-r1": "2025-01-20", "moonshotai/kimi-k2": "2025-07-11", "qwen/qwen3-coder": "2025-07-23",
             "openai/gpt-oss-120b": "2025-08-05"}  # fmt: skip
    weeks = [(dt.date.fromisoformat(day) - dt.date(2024, 11, 4)).days // 7 for day in dates.values()]

    def opened(week):
        return trend(week) + jump * sum(week >= release for release in weeks)

    facts = [*KINDS, *(fact(slug, "row-open", released=day) for slug, day in dates.items())]
    return log_of(shares(lambda week: 1 - opened(week), 0.0, opened), facts)


def open_models(*parts, kind="cn-open", **more):
    """Open models with weekly tokens."""
    return log_of(
        [Line(slug, tokens) for slug, tokens in parts], [fact(slug, kind, **more) for slug, _ in parts]
    )


def entrants(tokens, **released):
    """The four entrants with weekly tokens from four weeks after release on, beside 5 M of an old open model."""
    dates = {"moonshotai/kimi-k2": "2025-07-11", "qwen/qwen3-coder": "2025-07-23", "openai/gpt-oss-120b": "2025-08-05",
             "minimax/minimax-m2": "2025-10-27"} | released  # fmt: skip
    weeks = {
        slug: (dt.date.fromisoformat(day) - dt.date(2024, 11, 4)).days // 7 for slug, day in dates.items()
    }
    lines = [Line(slug, lambda w, at=at: tokens if w >= at + 4 else 0.0) for slug, at in weeks.items()]
    facts = [fact(CN, "cn-open"), *(fact(slug, "cn-open", released=day) for slug, day in dates.items())]
    return log_of([Line(CN, 5e6), *lines], facts)


def iteration(kept):
    """Five open authors of one share: three release after June 2025 and keep some of it, two keep half of theirs."""
    authors = {f"a{i}": (kept, "2025-08-01") for i in range(3)} | {
        f"b{i}": (0.5, "2025-01-01") for i in range(2)
    }
    lines = [
        Line(f"{author}/m", lambda w, part=part, i=i: 1e5 * (1 if w < 34 else part * (1 + 0.02 * i)))
        for i, (author, (part, _)) in enumerate(authors.items())
    ]
    dates = {author: day for author, (_, day) in authors.items()}
    return log_of(lines, [fact(f"{author}/m", "row-open", released=day) for author, day in dates.items()])


def sizes(small, large):
    facts = [fact("a/small", "row-open", size_class="small"), fact("a/large", "row-open", size_class="large")]
    return log_of([Line("a/small", small), Line("a/large", large)], facts)


def reasoning(first, last):
    facts = [fact("a/thinks", reasoning_optimised=True), fact("a/plain")]
    share = ramp(first, last, since=13)
    return log_of(
        [Line("a/thinks", lambda w: 1e6 * share(w)), Line("a/plain", lambda w: 1e6 * (1 - share(w)))], facts
    )


def lengths(first, last):
    """Requests of all weeks of two years, with a mean prompt that grows."""
    return log_of([Line(CLOSED, ramp(first, last), n=1, prompt=0.95)], KINDS)


def wobble(level, swing):
    return lambda week: level + (swing if week % 2 else -swing)


def open_uses(roleplay=52, programming=18, technology=6, translation=5, science=4, legal=15):
    """What Chinese and other open models are used for, each alike."""
    parts = {"roleplay": roleplay, "programming": programming, "technology": technology, "translation": translation,
             "science": science, "legal": legal}  # fmt: skip
    return log_of(category_lines([(slug, name, 1e4 * value) for slug in (CN, ROW) for name, value in parts.items()]),
                  KINDS)  # fmt: skip


def chinese_uses(roleplay=33, programming=26, technology=13, other_programming=10):
    """Chinese open models' use in shares of 100, and other open models' programming beside 90 of roleplay."""
    rest = 100 - roleplay - programming - technology
    cells = [(CN, "roleplay", roleplay), (CN, "programming", programming), (CN, "technology", technology),
             (CN, "legal", rest / 2), (CN, "trivia", rest / 2), (ROW, "roleplay", 90),
             (ROW, "programming", other_programming)]  # fmt: skip
    return log_of(category_lines([(slug, name, 1e4 * value) for slug, name, value in cells]), KINDS)


def served(category, closed, cn, row):
    """Labelled tokens of a category by source, thousands a week (numbers or functions of the week)."""

    def scaled(part):
        return lambda week: 1e3 * (part(week) if callable(part) else part)

    return log_of(category_lines([(CLOSED, category, scaled(closed)), (CN, category, scaled(cn)),
                                  (ROW, category, scaled(row))]), KINDS)  # fmt: skip


def callers(**tokens):
    """Tool-call tokens by model, thousands a week (numbers or functions of the week), beside other traffic."""
    lines = []
    for slug, value in tokens.items():
        scaled = value if callable(value) else (lambda week, value=value: value)
        lines.append(Line(slug, lambda week, f=scaled: 1e3 * f(week), more={"finish_reason": "tool_calls"}))
    return log_of([*lines, Line(CLOSED, 1e5)], [*KINDS, *(fact(slug) for slug in tokens)])


def countries(**parts):
    return log_of([Line(CLOSED, 1e3 * value, more={"country": key}) for key, value in parts.items()], KINDS)


def at_dollars(usd, tokens, slugs, kind="closed"):
    """Some models at a cost and use, among thirty that span both."""
    costs = [0.05 * 1.26**i for i in range(30)]
    lines = [Line(f"a{i % 7}/m{i}", 1e6, usd_per_mtok=cost) for i, cost in enumerate(costs)]
    mine = [Line(slug, tokens, usd_per_mtok=usd) for slug in slugs]
    return log_of(
        [*lines, *mine], [*(fact(line.model) for line in lines), *(fact(slug, kind) for slug in slugs)]
    )


FINANCE = [f"/Finance/{name}" for name in
           ("Banking", "Insurance", "Accounting & Auditing", "Financial Planning & Management",
            "Investing/Currencies & Foreign Exchange", "Investing/Stocks & Bonds")]  # fmt: skip
COUNTRIES = {"US": 47.17, "SG": 9.21, "DE": 7.51, "CN": 6.01, "KR": 2.88, "NL": 2.65, "GB": 2.52, "CA": 1.9, "JP": 1.77,
             "IN": 1.62, "FR": 16.76}  # fmt: skip
EARLY_CALLERS = ("openai/gpt-4o-mini", "anthropic/claude-3.5-sonnet", "anthropic/claude-3.7-sonnet")


CASES = {
    "C03": (lambda: log_of([Line(CLOSED, 4e5), Line(CLOSED, 6e5, more={"country": "DE"})]),
            lambda: log_of([Line(CLOSED, 6e5), Line(CLOSED, 4e5, more={"country": "DE"})])),
    "C07": (lambda: open_world(), lambda: log_of(shares(0.7, 0.1, 0.2), KINDS, weeks=50, end=dt.date(2025, 10, 19))),
    "C11": (lambda: open_world(), lambda: log_of(shares(0.7, 0.1, 0.2), KINDS, columns=["streamed", "country"])),
    "C12": (lambda: open_world(ramp(0.9, 0.66), ramp(0.05, 0.17), ramp(0.05, 0.17)),
            lambda: open_world(0.66, 0.17, 0.17)),
    "C13": (lambda: open_world(0.7, 0.15, 0.15), lambda: open_world(0.9, 0.05, 0.05)),
    "C14": (lambda: open_world(0.55, 0.2, 0.25), lambda: open_world(ramp(0.7, 0.35), 0.2, 0.2)),
    "C15": (lambda: open_world(0.7, ramp(0.012, 0.3), 0.1), lambda: open_world(0.7, ramp(0.1, 0.3), 0.1)),
    "C16": (lambda: open_world(0.7, ramp(0.012, 0.3), 0.1), lambda: open_world(0.7, 0.1, 0.1)),
    "C17": (lambda: open_world(0.733, 0.13, 0.137), lambda: open_world(0.6, 0.263, 0.137)),
    "C18": (lambda: open_world(0.733, 0.13, 0.137), lambda: open_world(0.6, 0.13, 0.27)),
    "C19": (lambda: open_world(0.7, 0.13, 0.17), lambda: open_world(0.6, 0.13, 0.27)),
    "C31": (lambda: open_models(("a/a", ramp(9e5, 3e5)), ("a/b", ramp(1e5, 4e5)), ("a/c", 1e5)),
            lambda: open_models(("a/a", ramp(3e5, 9e5)), ("a/b", ramp(4e5, 1e5)), ("a/c", 1e5))),
    "C44": (lambda: open_uses(), lambda: open_uses(roleplay=20, programming=20, legal=45)),
    "C45": (lambda: open_uses(), lambda: open_uses(translation=0.5)),
    "C46": (lambda: chinese_uses(), lambda: chinese_uses(roleplay=33, programming=40, technology=3)),
    "C47": (lambda: chinese_uses(), lambda: chinese_uses(programming=10, technology=10)),
    "C48": (lambda: chinese_uses(), lambda: chinese_uses(other_programming=150)),
    "C50": (lambda: served("programming", 80, 15, 5), lambda: served("programming", 80, 5, 15)),
    "C51": (lambda: served("programming", 80, 10, ramp(2, 20, since=30)), lambda: served("programming", 80, 10, 20)),
    "C52": (lambda: served("programming", 80, ramp(5, 20, since=CATEGORY_WEEK), 5),
            lambda: served("programming", 80, 10, 10)),
    "C54": (lambda: served("roleplay", 42, 15, 43), lambda: served("roleplay", 60, 15, 25)),
    "C65": (lambda: callers(**dict.fromkeys(EARLY_CALLERS, 20), **{"a/b": 40}),
            lambda: callers(**dict.fromkeys(EARLY_CALLERS, 10), **{"a/b": 40})),
    "C66": (lambda: callers(**{"a/b": 40, "a/c": lambda w: 0 if w < 30 else 40}),
            lambda: callers(**{"a/b": 40, "a/c": lambda w: 0 if w >= 30 else 40})),
    "C91": (lambda: subtags(dict.fromkeys(FINANCE, 10)), lambda: subtags({FINANCE[0]: 60, FINANCE[1]: 10})),
    "C110": (lambda: continents(NA=45, EU=20, AS=35), lambda: continents(NA=45, EU=35, AS=20)),
    "C114": (lambda: countries(**COUNTRIES), lambda: countries(**COUNTRIES | {"SG": 20})),
    "C123": (lambda: flash([200, 120, 80, 60, 50]), lambda: flash([600, 500, 450, 420, 400])),
    "C126": (lambda: v3(150), lambda: v3(80)),
    "C144": (lambda: at_dollars(30, 3e6, ["openai/a", "anthropic/b"]), lambda: at_dollars(0.1, 3e6, ["openai/a"])),
    "C145": (lambda: at_dollars(0.1, 3e6, ["deepseek/a", "qwen/b"], "cn-open"),
             lambda: at_dollars(30, 3e6, ["deepseek/a", "qwen/b"], "cn-open")),
    "C148": (lambda: table3(), lambda: table3(**{"deepseek/deepseek-chat-v3-0324": (0.394, 3.5e5)})),
    "C149": (lambda: table3(), lambda: table3(**{"anthropic/claude-3.7-sonnet": (4, 7.4e6)})),
    "C150": (lambda: table3(), lambda: table3(**{"anthropic/claude-sonnet-4": (1.937, 6.9e5)})),
    "C152": (lambda: table3(), lambda: table3(**{"ibm-granite/granite-4.0-h-micro": (0.1, 9e2)})),
    "C154": (lambda: table3(), lambda: table3(**{"openai/gpt-5-pro": (34.965, 2.6e5)})),
    "C157": (lambda: at_dollars(0.01, 1e3, [f"b/m{i}" for i in range(6)], "row-open"),
             lambda: at_dollars(0.01, 9e6, [f"b/m{i}" for i in range(6)], "row-open")),
    "C20": (lambda: open_world(0.7, lambda w: 0.05 + 0.01 * max(0, w - 33), 0.1),
            lambda: open_world(0.7, lambda w: 0.05 + 0.01 * min(w, 33), 0.1)),
    "C21": (lambda: releases(0.05), lambda: releases(-0.01)),
    "C22": (lambda: releases(0.05), lambda: releases(-0.01)),
    "C23": (lambda: open_world(ramp(1, 9), ramp(0.1, 3), 0.1), lambda: open_world(ramp(9, 1), ramp(3, 0.1), 0.1)),
    "C24": (lambda: table1(), lambda: table1(**{name.replace("-", "_"): 1 for name in LISTED})),
    "C25": (lambda: table1(), lambda: table1(deepseek=6, qwen=5.59, meta_llama=3.96)),
    "C26": (lambda: table1(), lambda: table1(deepseek=3, qwen=3, meta_llama=3, openai=3)),
    "C27": (lambda: open_models(("deepseek/deepseek-chat", 3e5), ("deepseek/deepseek-r1", 3e5), ("a/b", 4e5)),
            lambda: open_models(("deepseek/deepseek-chat", 2e5), ("deepseek/deepseek-r1", 2e5), ("a/b", 6e5))),
    "C28": (lambda: open_models(("a/a", 6e5), *((f"b/m{i}", lambda w: 1e3 if w < 34 else 2e5) for i in range(5))),
            lambda: open_models(("a/a", 6e5), *((f"b/m{i}", lambda w: 2e5 if w < 34 else 1e3) for i in range(5)))),
    "C29": (lambda: open_models(*((f"a/m{i}", 1e5) for i in range(5))),
            lambda: open_models(*((f"a/m{i}", 1e5) for i in range(3)))),
    "C30": (lambda: open_models(*((f"a/m{i}", 1e5) for i in range(6))),
            lambda: open_models(*((f"a/m{i}", 1e5) for i in range(10)))),
    "C32": (lambda: entrants(5e5), lambda: entrants(5e4)),
    "C33": (lambda: iteration(kept=1.0), lambda: iteration(kept=0.1)),
    "C35": (lambda: sizes(ramp(5e5, 1e5), 5e5), lambda: sizes(ramp(1e5, 5e5), 5e5)),
    "C40": (lambda: medium(*MEDIUM), lambda: medium(*reversed(MEDIUM))),
    "C41": (lambda: large(at_once=True), lambda: large(at_once=False)),
    "C42": (lambda: mix(CN, "cn-open", roleplay=5.2e5, programming=1.8e5, science=1e5, trivia=1e5, legal=1e5),
            lambda: mix(CN, "cn-open", roleplay=3e5, programming=4e5, science=3e5)),
    "C49": (lambda: log_of(category_lines([(CLOSED, "programming", 9e5), (CN, "programming", 1e5)]), KINDS),
            lambda: log_of(category_lines([(CLOSED, "programming", 4e5), (CN, "programming", 6e5)]), KINDS)),
    "C53": (lambda: log_of(category_lines([(CLOSED, "roleplay", 7e5), (ROW, "roleplay", 2.2e5), (CN, "roleplay", 8e4)]),
                           KINDS),
            lambda: log_of(category_lines([(CLOSED, "roleplay", 4e5), (ROW, "roleplay", 4e5), (CN, "roleplay", 2e5)]),
                           KINDS)),
    "C56": (lambda: reasoning(0.01, 0.6), lambda: reasoning(0.01, 0.3)),
    "C58": (lambda: thinkers({GROK: 4e5, PRO: 3e5, FLASH: 2e5, "x-ai/grok-4-fast": 1e5, OSS: 9e4, R1: 1e4}),
            lambda: thinkers({PRO: 4e5, GROK: 3e5, FLASH: 2e5, "x-ai/grok-4-fast": 1e5, OSS: 9e4, R1: 1e4})),
    "C59": (lambda: thinkers({PRO: 4e5, R1: 2e5, GROK: lambda w: 0.0 if w < 50 else 9e5}),
            lambda: thinkers({PRO: 4e5, R1: 2e5, GROK: lambda w: 0.0 if w < 44 else 9e5})),
    "C61": (lambda: tools(ramp(5e4, 1.5e5)), lambda: tools(ramp(1.5e5, 5e4))),
    "C62": (lambda: spike(), lambda: spike(size=1e4)),
    "C63": (lambda: offered(True), lambda: offered(False)),
    "C69": (lambda: two_years(), lambda: two_years(prompt=(3000, 4000))),
    "C70": (lambda: two_years(), lambda: two_years(reasoning=0.2)),
    "C71": (lambda: two_years(prompt=(1500, 6000)), lambda: log_of([Line(CLOSED, 1e5, prompt=0.5)])),
    "C73": (lambda: prompts(ramp(3e5, 9e5, since=CATEGORY_WEEK), lambda w: 2e5),
            lambda: prompts(lambda w: 3e5, ramp(2e5, 6e5, since=CATEGORY_WEEK))),
    "C74": (lambda: two_years(), lambda: two_years(prompt=(3000, 6000))),
    "C75": (lambda: longer(18), lambda: longer(6)),
    "C77": (lambda: log_of(category_lines([(CLOSED, "programming", ramp(1.0e5, 6e5, since=CATEGORY_WEEK)),
                                           (CLOSED, "science", ramp(8.5e5, 4e5, since=CATEGORY_WEEK))]), KINDS),
            lambda: log_of(category_lines([(CLOSED, "programming", 6e5), (CLOSED, "science", 4e5)]), KINDS)),
    "C79": (lambda: spend(anthropic=7, openai=3), lambda: spend(anthropic=4, openai=6)),
    "C80": (lambda: spend(anthropic=lambda w: 7 if w < CATEGORY_WEEK + 28 else 4, openai=3),
            lambda: spend(anthropic=lambda w: 7 if w < CATEGORY_WEEK + 10 else 4, openai=3)),
    "C82": (lambda: spend(google=wobble(15, 1), anthropic=85), lambda: spend(google=ramp(5, 25), anthropic=85)),
    "C83": (lambda: gainers(250), lambda: gainers(2500)),
    "C84": (lambda: spend(minimax=ramp(0.0, 5, since=46), anthropic=60), lambda: spend(minimax=1, anthropic=60)),
    "C90": (lambda: dispersed(science=1e5, roleplay=1e5), lambda: mix(CLOSED, health=1e5, science=1e5)),
    "C95": (lambda: subtags({GENERAL: 60, TOOLS: 26, SCRIPTS: 14}), lambda: subtags({GENERAL: 60, TOOLS: 40})),
    "C98": (lambda: anthropic(science=1e5), lambda: anthropic(roleplay=1.5e5)),
    "C103": (lambda: log_of(category_lines([("anthropic/m", "programming", 9e5), ("anthropic/m", "science", 1e5),
                                            ("openai/m", "programming", 6e5), ("openai/m", "science", 4e5),
                                            *(("google/m", name, 2e5) for name in
                                              ("programming", "science", "legal", "trivia", "roleplay"))])),
             lambda: log_of(category_lines([("google/m", "programming", 9e5), ("openai/m", "programming", 6e5),
                                            ("openai/m", "science", 4e5), ("anthropic/m", "programming", 5e5),
                                            ("anthropic/m", "science", 5e5)]))),
    "C104": (lambda: mix(CN, "cn-open", roleplay=8e5, programming=2e5),
             lambda: mix(CN, "cn-open", roleplay=4e5, programming=6e5)),
    "C106": (lambda: mix("qwen/m", "cn-open", programming=5e5, science=5e5),
             lambda: mix("qwen/m", "cn-open", programming=wobble(5e5, 3e5), science=5e5)),
    "C109": (lambda: continents(NA=45, EU=20, AS=35), lambda: continents(NA=60, EU=20, AS=20)),
    "C111": (lambda: continents(NA=60, EU=20, AS=ramp(12, 36)), lambda: continents(NA=60, EU=20, AS=36)),
    "C112": (lambda: languages(en=8287, zh_Hans=495, ru=247, es=143, th=103, fr=725),
             lambda: languages(en=6000, zh_Hans=2500, ru=247, es=143, th=103, fr=725)),
    "C115": (lambda: many(0, 1, sticky=()), lambda: many(0, 1, sticky=(0, 1))),
    "C116": (lambda: one_of(0), lambda: one_of(4)),
    "C118": (lambda: sonnet(400), lambda: sonnet(400, pro=250)),
    "C120": (lambda: mini(FLOOR, FLOOR, FLOOR, FLOOR), lambda: mini(FLOOR, FLOOR, HALF, FLOOR)),
    "C121": (lambda: mini(FLOOR, FLOOR, FLOOR, FLOOR), lambda: mini(FLOOR, FLOOR, HALF, FLOOR)),
    "C124": (lambda: irregular(swap=True), lambda: irregular(swap=False)),
    "C128": (lambda: many(0, 2, 4), lambda: many(0, 2, 4, sticky=(0, 2, 4))),
    "C131": (lambda: volumes(5, 6), lambda: volumes(0, 1)),
    "C132": (lambda: placed(), lambda: placed(programming=(7, 1e6), roleplay=(5, 9e5), legal=(4, 1e5))),
    "C133": (lambda: placed(), lambda: placed(without=["trivia"])),
    "C134": (lambda: placed(), lambda: placed(technology=(0.3, 6e5))),
    "C135": (lambda: placed(), lambda: placed(roleplay=(3.0, 9e5))),
    "C136": (lambda: placed(), lambda: placed(health=(0.1, 9e4))),
    "C137": (lambda: placed(translation=(0.4, 8e4), marketing=(0.85, 3e5)), lambda: placed()),
    "C138": (lambda: placed(), lambda: placed(technology=(1.1, 6e5))),
    "C139": (lambda: placed(), lambda: placed(programming=(0.7, 8e5))),
    "C140": (lambda: placed(), lambda: placed(roleplay=(0.5, 4e5))),
    "C141": (lambda: placed(opened=["roleplay", "legal"]), lambda: placed(opened=["technology", "science"])),
    "C117": (lambda: sonnet(400), lambda: sonnet(200)),
    "C119": (lambda: sonnet(400), lambda: sonnet(400, later=420)),
    "C122": (lambda: maverick([200, 120, 80, 60, 50]), lambda: maverick([600, 500, 450, 420, 400])),
    "C125": (lambda: boomerang(220), lambda: boomerang(140)),
    "C127": (lambda: retention([("u1", R1, "2025-01-05"), ("u1", R1, "2025-03-05"), ("u2", R1, "2025-01-05"),
                                ("u2", R1, "2025-02-05"), ("u2", R1, "2025-03-05")]),
             lambda: retention([("u2", R1, "2025-01-05"), ("u2", R1, "2025-02-05"), ("u2", R1, "2025-03-05")])),
    "C129": (lambda: incumbents([600, 500, 450, 420, 400], [500, 480, 460, 450, 440, 430, 420, 410, 400, 390]),
             lambda: incumbents([600, 500, 450, 250, 220], [500, 480, 460, 450, 440, 430, 420, 410, 220, 200])),
    "C142": (lambda: market(lambda i, usd: 1e6 * (3 if i % 2 else 1)), lambda: market(lambda i, usd: 1e6 / usd)),
    "C143": (lambda: market(lambda i, usd: 1e6 * (1 + i * 7 % 13)), lambda: market(lambda i, usd: 1e6 / usd)),
    "C146": (lambda: table3(), lambda: table3(**{"openai/gpt-4": (0.01, 3e3)})),
    "C147": (lambda: table3(), lambda: table3(**{"google/gemini-2.0-flash-001": (0.147, 4.8e4)})),
    "C153": (lambda: table3(), lambda: table3(**{"openai/gpt-4": (20.0, 3.4e3)})),
    "C158": (lambda: market(lambda i, usd: 1e6), lambda: market(lambda i, usd: 1e6 / usd)),
    "C159": (lambda: open_world(ramp(0.8, 0.6), 0.1, ramp(0.1, 0.3)), lambda: open_world(0.9, 0.05, 0.05)),
    "C160": (lambda: open_world(0.4, 0.3, 0.3), lambda: open_world(0.8, 0.1, 0.1)),
}  # fmt: skip


# Logs on which a claim once held, or could not be told, though what it says is not so.
FOOLED = {
    "C21": {"a straight line without a response": lambda: releases(0, ramp(0.1, 0.6))},
    "C22": {"a straight line without a response": lambda: releases(0, ramp(0.1, 0.6))},
    "C32": {"no entrant ever reaches scale": lambda: entrants(1e3)},
    "C80": {"Anthropic is never below 60%": lambda: spend(anthropic=7, openai=3)},
    "C25": {"eight of the ten authors are on offer and not used": lambda: table1(deepseek=14.37, meta_llama=3.96)},
    "C42": {"roleplay is 48%": lambda: mix(CN, "cn-open", roleplay=4.8e5, programming=1.9e5, science=3.3e5),
            "roleplay is first in the sum, not in every week": lambda: mix(
                CN, "cn-open", roleplay=lambda w: 1e5 if w == 50 else 5.6e5, programming=1.8e5, science=2.8e5)},
    "C43": {"programming is second in the sum, not in every week": lambda: mix(
                CN, "cn-open", roleplay=5.2e5, programming=lambda w: 1e5 if w == 50 else 1.9e5, science=1.8e5)},
    "C69": {"prompts of 4,100 tokens": lambda: two_years(prompt=(1500, 4100))},
    "C74": {"requests of 3,700 tokens": lambda: two_years(prompt=(1140, 3500))},
    "C87": {"62% general programming": lambda: subtags({GENERAL: 62, TOOLS: 26,
                                                        "/Computers & Electronics/Programming/Java": 12})},
    "C11": {"columns without a value": lambda: log_of([Line(CLOSED, 1e5, more=dict.fromkeys(
                ("provider_name", "country", "streamed", "cancelled", "time_to_first_token_ms")))])},
    "C63": {"tools are offered with each call and never else": lambda: offered_only_with_calls()},
    "C84": {"others gain as fast": lambda: spend(
                minimax=ramp(0.0, 5, since=46), qwen=ramp(1, 8, since=46), anthropic=60)},
    "C90": {"trivial science, dispersed technology": lambda: dispersed(spread=True)},
    "C98": {"much trivia": lambda: anthropic(trivia=1.5e5)},
    "C112": {"Thai before Spanish": lambda: languages(en=8287, zh_Hans=495, ru=247, es=100, th=110, fr=725)},
    "C113": {"nothing from Africa": lambda: log_of(
                [Line(CLOSED, value, more={"continent": name}) for name, value in
                 {"North America": 4722, "Asia": 2861, "Europe": 2132, "South America": 121, "Oceania": 118}.items()])},
    "C109": {"North America is first in the mean, not in every week": lambda: continents(
                NA=lambda w: 45 if w != 40 else 20, EU=20, AS=35)},
    "C58": {"Grok is on offer and not used": lambda: thinkers({PRO: 3e5, FLASH: 2e5}, idle=(GROK, "x-ai/grok-4-fast"))},
    "C151": {"Qwen 2 7B is on offer and not used": lambda: table3(**{"qwen/qwen-2-7b-instruct": (0.052, 0)})},
    "C62": {"a spike of many accounts": lambda: spike(accounts=20)},
    "C73": {"all categories grow by the same factor": lambda: prompts(ramp(3e5, 9e5, since=CATEGORY_WEEK), 1 / 3)},
}  # fmt: skip


def verdict(log, claim):
    with log:
        return judge(log, registry()[claim]).verdict


@pytest.mark.parametrize("claim", ["C21", "C22", "C33", "C35", "C75", "C77"])
def test_directions_of_a_simulated_world_hold_and_fail_like_those_of_one_history(claim):
    for make, status in zip(CASES[claim], ("holds", "fails"), strict=True):
        with make() as log:
            log.simulated = True
            found = judge(log, registry()[claim])
        tests = [verdict.test for verdict in (found.verdict, *(part.verdict for part in found.parts))]
        assert found.verdict.status == status, found.verdict.reason
        assert {test.by for test in tests if test is not None} <= {"world", "labels"}
        assert any(test is not None for test in tests) and "as one history: " in found.verdict.reason


def test_two_authors_are_enough_for_a_simulated_world_and_too_few_for_one_history():
    dates = {"a/m": "2025-08-01", "b/m": "2025-01-01"}
    lines = [Line("a/m", 1e5), Line("b/m", lambda w: 1e5 if w < 34 else 3e4)]
    for simulated, status in ((False, "not_testable"), (True, "holds")):
        with log_of(lines, [fact(name, "row-open", released=day) for name, day in dates.items()]) as log:
            log.simulated = simulated
            found = judge(log, registry()["C33"]).verdict
        assert found.status == status and found.weak == simulated


@pytest.mark.parametrize("claim", list(CASES))
def test_holds_where_it_is_true_by_construction(claim):
    found = verdict(CASES[claim][0](), claim)
    assert found.status == "holds", found.reason


@pytest.mark.parametrize("claim", list(CASES))
def test_fails_where_the_data_are_broken(claim):
    found = verdict(CASES[claim][1](), claim)
    assert found.status == "fails", found.reason


@pytest.mark.parametrize(
    ("claim", "name"), [(claim, name) for claim, logs in FOOLED.items() for name in logs]
)
def test_is_not_fooled(claim, name):
    found = verdict(FOOLED[claim][name](), claim)
    assert found.status == "fails", found.reason


def test_a_cohort_that_was_never_foundational_cannot_tell_whether_foundational_ones_stay():
    low = [200, 190, 180, 170, 160, 150, 140, 130, 125, 120]
    found = verdict(incumbents(low[:5], low), "C129")
    assert found.status == "not_testable" and "not foundational" in found.reason


def test_free_launch_access_does_not_count_in_the_ranking_and_a_free_variant_does():
    window = {"from": dt.date(2025, 10, 1), "to": None, "kind": "launch_promotion"}
    free = Line(GROK, 5e5, usd_per_mtok=0)
    others = {PRO: 4e5, FLASH: 2e5, "x-ai/grok-4-fast": 1e5, OSS: 9e4, R1: 1e4}
    launch = thinkers({GROK: 1.0, **others}, windows=[window], more=[free])
    variant = thinkers({GROK: 1.0, **others}, windows=[window | {"kind": "free_variant"}], more=[free])
    assert verdict(launch, "C58").status == "fails" and verdict(variant, "C58").status == "holds"


@pytest.mark.parametrize(("n", "weak"), [(2, True), (800, False)], ids=["few labels", "many labels"])
def test_weeks_of_few_labels_are_weak(n, weak):
    lines = [(CLOSED, "programming", 5.6e5), (CN, "programming", 4.4e5)]
    with log_of(category_lines(lines, n), KINDS, weeks=30 + CATEGORY_WEEK) as log:
        found = judge(log, registry()["C49"]).verdict
    assert found.status == "holds" and found.weak == weak, found.reason


def test_golden_logs_use_every_kind_of_predicate():
    def kinds(predicate):
        return {predicate.kind}.union(*(kinds(part.predicate) for part in getattr(predicate, "of", ())
                                        if hasattr(part, "predicate")))  # fmt: skip

    def all_kinds(claims):
        return set().union(*(kinds(registry()[claim].claim.predicate) for claim in claims))

    everywhere = all_kinds([entry.id for entry in registry() if entry.claim.predicate is not None])
    assert all_kinds(CASES) == everywhere
    assert len(everywhere) == len(predicates.KINDS)
