"""A small company with its tables, run as its operator would: every pass opens all of it anew."""

import csv
import json
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import create_engine, text

from pilotage import flow
from pilotage.delivery.database_table import DatabaseTable
from pilotage.domain.decision import Mode
from pilotage.domain.tally import Tally
from pilotage.opening import Opened, open_programme
from pilotage.ports import Case
from pilotage.store.record import Record
from tests.store.examples import everything

USE_CASE = "inbound-leads"
START = "2026-04-01"
END = "2026-07-01"
"""By then all windows have closed."""

FIRST_DAY = datetime(2026, 1, 1, 9, tzinfo=UTC)
HISTORY, NEW = 80, 40
"""Leads before the start, one a day; and from the start on, two a day."""

Row = Mapping[str, str]
Declared = dict[str, Any]
"""What stands in a file of the programme."""

SPEC: Declared = {
    "use_case": USE_CASE,
    "owner": "vp-sales",
    "process": {"unit": "lead", "volume_per_month": 30},
    "outcome": {
        "metric": "reply_rate",
        "kind": "proportion",
        "window": "14 days",
        "value": {"amount": 1500, "currency": "USD", "basis": "gross_margin"},
    },
    "data": {
        "units": {"table": "leads", "key": "lead_id", "at": "created_at", "segment": "origin"},
        "outcomes": {
            "table": "replies",
            "key": "lead_id",
            "at": "replied_at",
            "complete_until": "2026-12-31",
        },
    },
    "decide": {
        "candidates": ["rules"],
        "columns": ["origin"],
        "rules": [
            {"when": {"origin": "web"}, "probability": 0.05, "reason": "the web seldom answers"},
            {"when": {"origin": "fair"}, "probability": 0.5, "reason": "met at a fair"},
        ],
    },
    "oversight": {"automatic_from": 0.7, "ask_from": 0.5, "sample": 0.0},
    "deliver": [{"tool": "crm", "object": "lead", "fields": {"rank": "rank", "why": "reason"}}],
    "experiment": {"holdout": 0.3, "start": START},
}

PROGRAMME: Declared = {
    "programme": "acme",
    "mode": "replay",
    "sources": {"leads": "leads.csv", "replies": "replies.csv"},
    "tools": {"crm": {"kind": "csv", "folder": "crm"}},
}


def instant(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def lead(i: int) -> dict[str, str]:
    """One lead: of history below HISTORY, new from there on."""
    at = FIRST_DAY + timedelta(days=i)
    if i >= HISTORY:
        at = instant(START) + timedelta(hours=12 * (i - HISTORY) + 1)
    origin = ["web", "fair", "mail"][i % 3]
    return {
        "lead_id": f"lead-{i:03d}",
        "created_at": stamp(at),
        "origin": origin,
        "rep": f"rep-{i % 6}",
    }


def reply(i: int, *, days: float = 3) -> dict[str, str]:
    """A reply to a lead, so many days after it came."""
    at = datetime.fromisoformat(lead(i)["created_at"]) + timedelta(days=days)
    return {"lead_id": lead(i)["lead_id"], "replied_at": stamp(at), "amount": str(10 * i)}


def replied(i: int) -> bool:
    """Half of those met at a fair reply, a quarter of those from the web, nobody else."""
    return i % 6 == 1 or i % 12 == 0


LEADS = [lead(i) for i in range(HISTORY + NEW)]
OLD_REPLIES = [reply(i) for i in range(HISTORY) if replied(i)]
REPLIES = [*OLD_REPLIES, *(reply(i) for i in range(HISTORY, HISTORY + NEW) if replied(i))]


@dataclass(slots=True, kw_only=True)
class Company:
    """A programme in a folder; change its files or rows, and run it.

    Args:
        channels: in place of the programme's tools, by name.
    """

    folder: Path
    spec: Declared = field(default_factory=lambda: json.loads(json.dumps(SPEC)))
    programme: Declared = field(default_factory=lambda: json.loads(json.dumps(PROGRAMME)))
    channels: dict[str, Any] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        self.table("leads", LEADS)
        self.table("replies", REPLIES)

    def table(self, name: str, rows: Iterable[Row]) -> None:
        """Write a table anew, in the format that the programme declares."""
        path, kept = self.folder / self.programme["sources"][name], list(rows)
        plain = path.with_suffix(".csv")
        with plain.open("w", encoding="utf-8", newline="") as file:
            written = csv.DictWriter(file, list(kept[0]))
            written.writeheader()
            written.writerows(kept)
        if path.suffix == ".parquet":
            with duckdb.connect() as engine:
                engine.read_csv(str(plain)).write_parquet(str(path))
            plain.unlink()

    def write(self) -> None:
        """Write the programme's files; JSON is YAML."""
        cases = self.folder / "use_cases"
        cases.mkdir(exist_ok=True)
        (self.folder / "pilotage.yaml").write_text(json.dumps(self.programme))
        (cases / "leads.yaml").write_text(json.dumps(self.spec))

    @contextmanager
    def opened(self, *, now: str = END, mode: str | None = None) -> Generator[tuple[Case, Record]]:
        """Open everything as the next process does."""
        self.write()
        opened: Opened = open_programme(self.folder, data_folder=None)
        record = opened.record()
        spec = opened.spec(self.spec["use_case"])
        case = opened.case(spec, now=instant(now), mode=Mode(mode) if mode else None)
        made = list(case.channels.values())
        case = replace(case, channels={**case.channels, **self.channels})
        try:
            yield case, record
        finally:
            record.engine.dispose()
            for channel in made:
                if isinstance(channel, DatabaseTable):
                    channel.engine.dispose()

    def run(self, as_of: str = END, *, now: str | None = None, mode: str | None = None) -> Tally:
        """Run one pass."""
        with self.opened(now=now or as_of, mode=mode) as (case, record):
            return flow.run(case, record, as_of=instant(as_of))

    @contextmanager
    def record(self) -> Generator[Record]:
        """Open the record only."""
        self.write()
        record = open_programme(self.folder, data_folder=None).record()
        try:
            yield record
        finally:
            record.engine.dispose()

    def rows(self) -> dict[str, list[Any]]:
        """All rows of all tables of the record."""
        with self.record() as record:
            return everything(record)

    def log(self, kind: str | None = None) -> list[dict[str, Any]]:
        """The ledger's entries, of one kind or all."""
        found = [json.loads(row.body) for row in self.rows()["entry"]]
        return [body for body in found if kind in {None, body["kind"]}]

    def parked(self) -> list[tuple[str, str, str]]:
        """Table, key and reason of each parked row."""
        return [(row.source, row.key, row.reason) for row in self.rows()["parked"]]

    def pseudonym(self, key: str, kind: str = "lead") -> str:
        with self.record() as record:
            return record.pseudonyms([key], kind=kind)[0]

    def in_csv(self, name: str = "lead") -> list[dict[str, str]]:
        """What the CSV tool shows."""
        path = self.folder / "crm" / f"{name}.csv"
        if not path.exists():
            return []
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


def in_table(url: str, name: str = "lead") -> list[tuple[str, ...]]:
    """What a table tool shows."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        rows = connection.execute(text(f'SELECT key, record, field, value FROM "{name}"'))  # noqa: S608 - a name of this test
        found = sorted(tuple(row) for row in rows)
    engine.dispose()
    return found
