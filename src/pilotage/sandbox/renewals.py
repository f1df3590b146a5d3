"""Accounts and their renewals: how a product is used, and who stays."""

import numpy as np

from pilotage.domain.month import Month
from pilotage.sandbox import names
from pilotage.sandbox.arrivals import (
    DAY,
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

A_MONTH = 900
"""Mean number of renewals; each account comes up once in the simulated time."""

ACCOUNT_COLUMNS = (
    "account_id", "name", "industry", "seats", "plan", "csm_id", "customer_since",
    "contact_email",
)  # fmt: skip
COLUMNS = (
    "renewal_id", "account_id", "csm_id", "opened_at", "renewal_at", "months_to_renewal", "seats",
    "plan", "contract_value_usd", "logins_90d", "tickets_90d", "seats_used_share", "nps",
    "tenure_months",
)  # fmt: skip

PLANS = ("starter", "team", "business")
SEAT_PRICE_USD = (180, 240, 300)
"""A seat and year, by plan."""

INDUSTRIES = ("manufacturing", "software", "health", "retail", "logistics", "education", "finance")

USUAL = 1.56
"""Log-odds that a middling account renews: sets the renewal rate to 78 %."""

NPS_UNKNOWN_SHARE = 0.35


def renewals(world: World, month: Month) -> tuple[Arrivals, tuple[str, ...]]:
    """Generate the renewals of a month, and the rows of the accounts they belong to."""
    rng = stream(world, 2, ordinal(month))
    n = int(rng.poisson(A_MONTH))
    at = spread_over(month, n=n, rng=rng)
    rep = rng.integers(0, REPS[Motion.RENEWALS], size=n)
    use, trouble, mood = (rng.normal(0.0, 1.0, n) for _ in range(3))
    tenure = rng.integers(1, 7, size=n) * 12
    unseen = rng.normal(0.0, 0.4, n) + rep_skill(world, Motion.RENEWALS)[rep]
    pull = 0.75 * use - 0.45 * trouble + 0.35 * mood + 0.15 * np.log(tenure / 36)
    draw, acts, pace = luck(world, Motion.RENEWALS, month, rep)
    worked, deadline = working_times(world, Motion.RENEWALS, month, at)
    numbers = [f"{month.year % 100:02d}{month.number:02d}-{k:04d}" for k in range(1, n + 1)]
    lines, account_lines = _lines(rng, numbers, at, rep, (use, trouble, mood), tenure)
    arrivals = Arrivals(
        motion=Motion.RENEWALS, month=month, keys=tuple(f"R-{k}" for k in numbers), at=at,
        worked=worked, deadline=deadline, rep=rep, chance=sigmoid(USUAL + pull + unseen),
        draw=draw, acts=acts, pace=pace, lines=lines,
    )  # fmt: skip
    return arrivals, account_lines


def _lines(  # noqa: PLR0913, PLR0917 - one argument a thing that an account's rows are made of
    rng: np.random.Generator,
    numbers: list[str],
    at: Integers,
    rep: Integers,
    health: tuple[Floats, Floats, Floats],
    tenure: Integers,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the renewals' rows and the accounts', in the order of their columns."""
    n = len(numbers)
    seats = np.exp(rng.normal(3.2, 0.8, n)).astype(np.int64) + 1
    plan = names.picks(rng, n, len(PLANS))
    ahead = rng.integers(1, 4, size=n)
    industry = [INDUSTRIES[k] for k in names.picks(rng, n, len(INDUSTRIES))]
    account, plans, csm = (
        [f"A-{k}" for k in numbers],
        [PLANS[k] for k in plan],
        [f"CSM-{k + 1:02d}" for k in rep.tolist()],
    )
    value = [f"{s * SEAT_PRICE_USD[k]}" for s, k in zip(seats.tolist(), plan, strict=True)]
    company = names.companies(rng, n)
    since = [day[:10] for day in as_texts(at + (ahead - tenure) * 30 * DAY)]
    features = _features(rng, seats, health)
    counts = [[str(v) for v in column.tolist()] for column in (ahead, seats, tenure)]
    due = as_texts(at + ahead * 30 * DAY)
    rows = zip(
        [f"R-{k}" for k in numbers], account, csm, as_texts(at), due, counts[0], counts[1],
        plans, value, *features, counts[2],
        strict=True,
    )  # fmt: skip
    accounts = zip(
        account, company, industry, counts[1], plans, csm, since, names.addresses(rng, company),
        strict=True,
    )  # fmt: skip
    return tuple(map(",".join, rows)), tuple(map(",".join, accounts))


def _features(
    rng: np.random.Generator, seats: Integers, health: tuple[Floats, Floats, Floats]
) -> tuple[list[str], ...]:
    """Return logins, tickets, share of seats used and NPS: what can be seen of an account."""
    use, trouble, mood = health
    n = len(seats)
    share = np.round(sigmoid(0.6 + 0.9 * use + rng.normal(0.0, 0.3, n)), 2)
    logins = rng.poisson(seats * share * 12)
    tickets = rng.poisson(np.exp(0.8 + 0.7 * trouble))
    nps = np.clip(np.round(7 + 1.8 * mood + rng.normal(0.0, 0.8, n)), 0, 10).astype(np.int64)
    told = rng.random(n) >= NPS_UNKNOWN_SHARE
    return (
        [str(v) for v in logins.tolist()],
        [str(v) for v in tickets.tolist()],
        [f"{v:.2f}" for v in share.tolist()],
        [str(v) if known else "" for v, known in zip(nps.tolist(), told, strict=True)],
    )
