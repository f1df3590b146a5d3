"""Inbound leads: what a web form, a webinar or a partner sends, and who answers a call."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pilotage.domain.month import Month
from pilotage.sandbox import names
from pilotage.sandbox.arrivals import (
    REPS,
    Arrivals,
    Floats,
    Integers,
    as_texts,
    luck,
    ordinal,
    rep_skill,
    sigmoid,
    spread_over,
    stream,
    working_times,
)
from pilotage.sandbox.world import Motion, World

A_MONTH = 3000
"""Mean number of leads."""

COLUMNS = (
    "lead_id", "created_at", "email", "company", "origin", "country", "employees", "job_title",
    "message", "landing_page", "sdr_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A group of leads: its share of all, and what it adds to the log-odds of a reply."""

    texts: tuple[str, ...]
    share: float
    pull: float


ORIGINS = (
    Kind(texts=("web form",), share=0.34, pull=0.1),
    Kind(texts=("webinar",), share=0.22, pull=-0.5),
    Kind(texts=("paid search",), share=0.20, pull=-0.2),
    Kind(texts=("event",), share=0.10, pull=-0.3),
    Kind(texts=("partner",), share=0.09, pull=0.7),
    Kind(texts=("referral",), share=0.05, pull=1.1),
)
TITLES = (
    Kind(
        texts=("VP Sales", "CFO", "Managing Director", "Head of Operations"), share=0.16, pull=0.6
    ),
    Kind(texts=("Sales Manager", "Operations Manager", "IT Manager"), share=0.30, pull=0.4),
    Kind(texts=("Analyst", "Account Executive", "Coordinator"), share=0.30, pull=-0.2),
    Kind(texts=("Freelancer", "Intern", "Student"), share=0.14, pull=-1.6),
    Kind(texts=("",), share=0.10, pull=-0.3),
)
MESSAGES = (
    Kind(
        texts=(
            "We must replace our current tool before the contract ends and need a quote.",
            "Please send a quote for {n} seats, we decide this quarter.",
            "Our board asked for a proposal by the end of the month. Can we talk this week?",
        ),
        share=0.16,
        pull=1.2,
    ),
    Kind(
        texts=(
            "I would like to see a demo with our own data, for a team of {n}.",
            "How does the integration with our CRM work, and what does it cost?",
        ),
        share=0.26,
        pull=0.5,
    ),
    Kind(
        texts=(
            "Downloaded the guide.",
            "Just looking around for now, thanks.",
            "Please add me to the newsletter.",
        ),
        share=0.34,
        pull=-0.6,
    ),
    Kind(
        texts=(
            "I am writing my thesis on the market and have {n} questions.",
            "We offer link building at {n} USD a month, interested?",
        ),
        share=0.10,
        pull=-1.8,
    ),
    Kind(texts=("",), share=0.14, pull=-0.2),
)
PAGES = (
    Kind(texts=("/pricing", "/demo"), share=0.30, pull=0.5),
    Kind(texts=("/product", "/customers"), share=0.34, pull=0.0),
    Kind(texts=("/blog", "/guide"), share=0.30, pull=-0.4),
    Kind(texts=("/careers",), share=0.06, pull=-1.2),
)
COUNTRIES = ("DE", "US", "FR", "GB", "ES", "NL", "SE", "IT", "BR", "JP")

USUAL = -2.34
"""Log-odds of a reply from a middling lead: sets the reply rate to 12 %."""

SIZE_PULL = 0.45
"""What one standard deviation of log company size adds to the log-odds."""

UNSEEN_SD = 0.3
"""Spread of what moves a lead and stands in no column."""

EMPLOYEES_UNKNOWN_SHARE = 0.08


def leads(world: World, month: Month) -> Arrivals:
    """Generate the leads of a month."""
    rng = stream(world, 1, ordinal(month))
    n = int(rng.poisson(A_MONTH))
    at = spread_over(month, n=n, rng=rng)
    rep = rng.integers(0, REPS[Motion.LEADS], size=n)
    groups = [_drawn(rng, kinds, n) for kinds in (ORIGINS, TITLES, MESSAGES, PAGES)]
    size = rng.normal(0.0, 1.0, n)
    pull = np.sum([pull for _, pull in groups], axis=0, dtype=np.float64)
    unseen = rng.normal(0.0, UNSEEN_SD, n) + rep_skill(world, Motion.LEADS)[rep]
    draw, acts, pace = luck(world, Motion.LEADS, month, rep)
    worked, deadline = working_times(world, Motion.LEADS, month, at)
    keys = tuple(f"L-{month.year % 100:02d}{month.number:02d}-{k:05d}" for k in range(1, n + 1))
    columns = _columns(rng, keys, as_texts(at), [texts for texts, _ in groups], size, rep)
    return Arrivals(
        motion=Motion.LEADS, month=month, keys=keys, at=at, worked=worked, deadline=deadline,
        rep=rep, chance=sigmoid(USUAL + pull + SIZE_PULL * size + unseen),
        draw=draw, acts=acts, pace=pace,
        lines=tuple(map(",".join, zip(*columns, strict=True))),
    )  # fmt: skip


def _drawn(rng: np.random.Generator, kinds: Sequence[Kind], n: int) -> tuple[list[str], Floats]:
    """Draw a kind for each lead; return one of its texts, and its pull."""
    shares = np.cumsum([one.share for one in kinds])
    kind: Integers = np.searchsorted(shares[:-1], rng.random(n), side="right")
    numbers: list[int] = kind.tolist()
    which: list[float] = rng.random(n).tolist()
    texts = [
        kinds[k].texts[int(w * len(kinds[k].texts))] for k, w in zip(numbers, which, strict=True)
    ]
    return texts, np.array([one.pull for one in kinds])[kind]


def _columns(  # noqa: PLR0913, PLR0917 - one argument a thing that a lead's row is made of
    rng: np.random.Generator,
    keys: tuple[str, ...],
    created: list[str],
    texts: list[list[str]],
    size: Floats,
    rep: Integers,
) -> tuple[Sequence[str], ...]:
    """Return the export's columns, in the order of `COLUMNS`."""
    n = len(keys)
    origin, title, message, page = texts
    company = names.companies(rng, n)
    employees = np.maximum(1, np.exp(np.log(60) + 1.3 * size)).astype(np.int64).tolist()
    known = rng.random(n) >= EMPLOYEES_UNKNOWN_SHARE
    numbers = rng.integers(3, 60, size=n).tolist()
    return (
        keys,
        created,
        names.addresses(rng, company),
        company,
        origin,
        [COUNTRIES[k] for k in names.picks(rng, n, len(COUNTRIES))],
        [str(count) if seen else "" for count, seen in zip(employees, known, strict=True)],
        title,
        [f'"{text.format(n=k)}"' if text else "" for text, k in zip(message, numbers, strict=True)],
        page,
        [f"SDR-{k + 1:02d}" for k in rep.tolist()],
    )
