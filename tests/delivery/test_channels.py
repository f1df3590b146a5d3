"""One suite over every channel: what the user's tool shows, whatever happens on the way."""

import csv
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import text

from pilotage.delivery.csv_folder import CsvFolder
from pilotage.delivery.database_table import DatabaseTable, open_database_table
from pilotage.delivery.memory import MemoryChannel
from pilotage.domain.decision import Delivery, DeliveryState
from pilotage.ports import Channel

Shown = list[tuple[str, str, str]]
"""Record, field, value of each row that an object of the tool has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool that can be opened anew, as the next process does, and looked at."""

    open: Callable[[], Channel]
    shown: Callable[[str], Shown]


def _memory(_folder: Path) -> Tool:
    channel = MemoryChannel()
    return Tool(
        open=lambda: channel,
        shown=lambda name: [
            (item.record, item.field, item.value)
            for item in channel.shown.values()
            if item.object == name
        ],
    )


def _csv(folder: Path) -> Tool:
    def shown(name: str) -> Shown:
        with (folder / "crm" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return [(row["record"], row["field"], row["value"]) for row in csv.DictReader(file)]

    return Tool(open=lambda: CsvFolder(folder=folder / "crm"), shown=shown)


@contextmanager
def _table(url: str, folder: Path) -> Generator[Tool]:
    opened: list[DatabaseTable] = []

    def reopen() -> DatabaseTable:
        opened.append(open_database_table(url, folder=folder))
        return opened[-1]

    def shown(name: str) -> Shown:
        with reopen().engine.connect() as connection:
            rows = connection.execute(text(f'SELECT record, field, value FROM "{name}"'))  # noqa: S608 - a name of this test
            return [(row.record, row.field, row.value) for row in rows]

    yield Tool(open=reopen, shown=shown)
    for channel in opened:
        channel.engine.dispose()


@pytest.fixture(params=["memory", "csv", "sqlite", "postgresql"])
def tool(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tool]:
    match request.param:
        case "memory":
            yield _memory(tmp_path)
        case "csv":
            yield _csv(tmp_path)
        case "sqlite":
            with _table("sqlite:///crm.sqlite", tmp_path) as opened:
                yield opened
        case _:
            with _table(request.getfixturevalue("postgres_url"), tmp_path) as opened:
                yield opened


def delivery(record: str, value: str, *, name: str = "lead", field: str = "rank") -> Delivery:
    key = sha256(f"{record}|{name}|{field}".encode()).hexdigest()
    return Delivery(key=key, tool="crm", object=name, record=record, field=field, value=value)


def some(n: int, *, start: int = 0) -> list[Delivery]:
    return [delivery(f"lead-{i}", str(i)) for i in range(start, start + n)]


def rows(deliveries: Sequence[Delivery]) -> Shown:
    return sorted((item.record, item.field, item.value) for item in deliveries)


def test_every_delivery_gets_a_receipt_in_the_order_given(tool: Tool):
    given = some(50)[::-1]
    receipts = tool.open().deliver(given)
    assert [item.key for item in receipts] == [item.key for item in given]
    assert {item.state for item in receipts} == {DeliveryState.DELIVERED}
    assert sorted(tool.shown("lead")) == rows(given)


def test_a_key_delivered_twice_shows_once(tool: Tool):
    channel = tool.open()
    channel.deliver(some(20))
    channel.deliver(some(20))
    channel.deliver(some(5, start=18))
    assert sorted(tool.shown("lead")) == rows(some(23))


def test_a_key_given_twice_in_one_call_shows_once(tool: Tool):
    tool.open().deliver([*some(3), *some(3)])
    assert sorted(tool.shown("lead")) == rows(some(3))


def test_after_a_crash_between_write_and_receipt_the_next_process_shows_it_once(tool: Tool):
    tool.open().deliver(some(20))  # the receipts are lost with the process
    tool.open().deliver(some(30))
    assert sorted(tool.shown("lead")) == rows(some(30))


def test_each_object_is_a_place_of_its_own(tool: Tool):
    both = [delivery("7", "a"), delivery("7", "b", name="account")]
    tool.open().deliver(both)
    assert tool.shown("lead") == [("7", "rank", "a")]
    assert tool.shown("account") == [("7", "rank", "b")]


@pytest.mark.parametrize(
    "value",
    [
        "",
        'she said "call me", twice',
        "first line\nsecond line\r\nthird",
        "a,b;c\td",
        "Zürich 東京 🚀",
        "100% sure :name ?",
        "'; DROP TABLE lead; --",
        " padded ",
    ],
)
def test_a_value_arrives_as_it_was_sent(tool: Tool, value: str):
    sent = [delivery("7", value), delivery("8", "next")]
    tool.open().deliver(sent)
    tool.open().deliver(sent)
    assert sorted(tool.shown("lead")) == rows(sent)


def test_names_that_sql_or_a_file_reads_in_its_own_way_are_names(tool: Tool):
    name = '50% "Lead" kept'
    tool.open().deliver([delivery("7", "a", name=name)])
    tool.open().deliver([delivery("7", "a", name=name)])
    if isinstance(tool.open(), DatabaseTable):
        name = name.replace('"', '""')
    assert tool.shown(name) == [("7", "rank", "a")]
