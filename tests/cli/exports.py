"""Two exports as a sales team would make them, written anew for each test."""

import csv
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

LEADS_HEADER = ("lead_id", "created_at", "origin", "size")
DEALS_HEADER = ("deal_id", "lead_id", "won_at")
ORIGINS = {"referral": 0.4, "web": 0.2, "advert": 0.1}

DECISIONS = {
    "owner": "vp-sales",
    "shared_capacity": "false",
    "minimum_effect": "{relative: 0.5}",
    "amount": "400",
    "currency": "USD",
    "basis": "gross_margin",
    "complete_until": "2026-09-01",
}
"""What a person writes in place of each DECIDE."""


def write(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
    """Write a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def lead_rows(n: int = 900) -> list[list[str]]:
    """Return leads of 2025-07 to 2026-06, a few a day."""
    random = Random(11)
    start = datetime(2025, 7, 1)  # noqa: DTZ001 - exports seldom name a zone
    return [
        [f"L{i:04}", (start + i * timedelta(hours=9.6)).isoformat(), *_kind(random)]
        for i in range(n)
    ]


def deal_rows(leads: Sequence[Sequence[str]], *, recorded_from: str = "2025-07") -> list[list[str]]:
    """Return the deals that came of them within three weeks."""
    random = Random(12)
    deals: list[list[str]] = []
    for key, at, origin, _ in leads:
        won = datetime.fromisoformat(at) + timedelta(days=random.uniform(0, 21))
        if random.random() < ORIGINS[origin] and won.isoformat() >= recorded_from:
            deals.append([f"D{key}", key, won.isoformat()])
    return deals


def exported(folder: Path) -> tuple[str, str]:
    """Write leads.csv and deals.csv; return their paths."""
    leads = lead_rows()
    return (
        str(write(folder / "leads.csv", LEADS_HEADER, leads)),
        str(write(folder / "deals.csv", DEALS_HEADER, deal_rows(leads))),
    )


def decided(file: Path) -> None:
    """Replace each DECIDE of a drafted use case."""
    text = file.read_text(encoding="utf-8")
    for key, value in DECISIONS.items():
        text = text.replace(f"{key}: DECIDE", f"{key}: {value}")
    file.write_text(text, encoding="utf-8")


def _kind(random: Random) -> tuple[str, str]:
    return random.choice(list(ORIGINS)), random.choice(["small", "large"])
