"""Histories for the tests of predictors: simulated with known probabilities, and public data."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from pilotage.ai import Example
from pilotage.domain.unit import Unit, Value
from tests.real_data import real_data

START = datetime(2026, 1, 1, tzinfo=UTC)
ORIGINS = ("referral", "paid search", "social", "direct")
INDUSTRIES = tuple(f"industry {letter}" for letter in "abcdefgh")


def simulated(n: int, *, seed: int) -> tuple[list[Example], NDArray[np.float64]]:
    """Return leads in time order, and the true probability that each replies."""
    rng = np.random.default_rng(seed)
    origin: NDArray[np.int64] = rng.integers(len(ORIGINS), size=n)
    employees = np.ceil(np.exp(rng.normal(4, 1.5, size=n)))
    score = rng.normal(size=n)
    log_odds = -2.2 + np.array([1.5, -0.5, -1.0, 0.0])[origin] + 0.5 * np.log(employees / 50)
    probability = 1 / (1 + np.exp(-(log_odds + 0.8 * np.sin(2 * score))))
    happened = rng.random(n) < probability
    industry: NDArray[np.int64] = rng.integers(len(INDUSTRIES), size=n)
    examples = [
        Example(
            unit=lead(
                i,
                origin=ORIGINS[int(origin[i])],
                employees=float(employees[i]) if i % 11 else None,
                score=float(score[i]),
                industry=INDUSTRIES[int(industry[i])],
                opted_in=bool(i % 2),
            ),
            happened=bool(happened[i]),
        )
        for i in range(n)
    ]
    return examples, probability


def lead(number: int, **attributes: Value) -> Unit:
    """Return a lead whose segment is its origin."""
    return Unit(
        key=f"lead-{number:06d}",
        at=START + timedelta(minutes=number),
        cluster=f"lead-{number:06d}",
        segment=str(attributes.get("origin") or ""),
        attributes=attributes,
    )


def telco() -> list[Example]:
    """Return IBM's subscription customers, by row since there is no time; whether they left."""
    numbers = {"tenure", "MonthlyCharges", "TotalCharges"}
    examples: list[Example] = []
    for i, row in enumerate(_rows("ibm_telco_churn/Telco-Customer-Churn.csv")):
        churned, key = row.pop("Churn") == "Yes", row.pop("customerID")
        attributes = {
            name: (float(cell) if name in numbers else cell) if cell.strip() else None
            for name, cell in row.items()
        }
        unit = Unit(
            key=key,
            at=START + timedelta(minutes=i),
            cluster=key,
            segment=row["Contract"],
            attributes=attributes,
        )
        examples.append(Example(unit=unit, happened=churned))
    return examples


def olist() -> list[Example]:
    """Return Olist's leads from 2018 on (deals were not recorded before); closed in 30 days."""
    won_at = {
        row["mql_id"]: _instant(row["won_date"])
        for row in _rows("olist_funnel/olist_closed_deals_dataset.csv")
    }
    examples: list[Example] = []
    for row in _rows("olist_funnel/olist_marketing_qualified_leads_dataset.csv"):
        key, at = row["mql_id"], _instant(row["first_contact_date"])
        if at < datetime(2018, 1, 1, tzinfo=UTC):
            continue
        unit = Unit(
            key=key,
            at=at,
            cluster=key,
            segment=row["origin"],
            attributes={
                "origin": row["origin"] or None,
                "landing_page_id": row["landing_page_id"],
            },
        )
        closed = key in won_at and won_at[key] - at <= timedelta(days=30)
        examples.append(Example(unit=unit, happened=closed))
    return examples


def _rows(name: str) -> Iterator[dict[str, str]]:
    with real_data(name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
