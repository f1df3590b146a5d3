"""A pass is really killed, at every step and at random times; the next loses and doubles nothing.

Every kill begins with an empty record. After it the pass is run again to its end, and everything
is compared with a programme in which nobody was killed: all tables, both tools, all entries.
"""

import json
import random
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any, cast

import pytest
from sqlalchemy import URL

from tests import postgres
from tests.flow.company import Company, in_table
from tests.flow.mortal import Ended, Order
from tests.store.examples import everything, verified

ROOT = Path(__file__).parents[2]
SHARDS = 4
"""Each on a worker of its own; together they kill at every step."""

RANDOM_KILLS = 6
"""A shard."""

FEWEST_KILLS = 50
"""Over the shards of one database."""

FLEETING = {"recorded_at", "seq", "commitment", "decision"}
"""What may differ in an entry: when it was written, its place, and salted hashes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mortal:
    """The warm process that runs passes and has them killed."""

    orders: IO[str]
    answers: IO[str]

    def run(self, order: Order) -> Ended:
        self.orders.write(json.dumps(asdict(order)) + "\n")
        self.orders.flush()
        return Ended(**json.loads(self.answers.readline()))


@pytest.fixture
def mortal() -> Iterator[Mortal]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.flow.mortal"],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        yield Mortal(orders=cast("IO[str]", process.stdin), answers=cast("IO[str]", process.stdout))
        cast("IO[str]", process.stdin).close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Founder:
    """Makes companies that differ in nothing but their folder and database."""

    folder: Path
    server: URL | None

    @contextmanager
    def company(self, name: str) -> Generator[Company]:
        """Found a company with the keys of the first one."""
        with ExitStack() as stack:
            (self.folder / name).mkdir()
            made = Company(folder=self.folder / name)
            desk = "sqlite:///desk.sqlite"
            if self.server is not None:
                desk = postgres.written(stack.enter_context(postgres.database(self.server)))
                made.programme["record"] = desk
            made.programme["tools"]["desk"] = {"kind": "table", "url": desk}
            made.spec["deliver"].append(
                {"tool": "desk", "object": "lead", "fields": {"ai_score": "score"}}
            )
            made.write()
            keys = self.folder / "whole" / ".pilotage" / "keys"
            if keys.exists():
                shutil.copytree(keys, made.folder / ".pilotage" / "keys")
            yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def founder(request: pytest.FixtureRequest, tmp_path: Path) -> Founder:
    server = request.getfixturevalue("postgres_server") if request.param == "postgresql" else None
    return Founder(folder=tmp_path, server=server)


def state(company: Company) -> dict[str, Sequence[Any]]:
    """All that a programme knows and shows, but for what may differ between two runs."""
    with company.record() as record:
        rows = everything(record)
        assert verified(record).is_intact
    desk = str(company.programme["tools"]["desk"]["url"]).replace(
        "sqlite:///", f"sqlite:///{company.folder}/"
    )
    entries = [json.loads(row.body) for row in rows["entry"]]
    assert [body["seq"] for body in entries] == list(range(len(entries)))
    return {
        "decision": rows["decision"],
        "outbox": without(rows["outbox"], "seq"),
        "oversight": without(rows["oversight"], "number"),
        "happening": rows["happening"],
        "outcome": without(rows["outcome"], "seq"),
        "parked": rows["parked"],
        "experiment": rows["experiment"],
        "vault": [row.subject for row in rows["vault"]],
        "entries": sorted(
            json.dumps({k: v for k, v in body.items() if k not in FLEETING}, sort_keys=True)
            for body in entries
        ),
        "crm": sorted(tuple(row.values()) for row in company.in_csv()),
        "desk": in_table(desk),
    }


def without(rows: Sequence[Any], name: str) -> list[tuple[Any, ...]]:
    """The rows without one of their cells."""
    return sorted(tuple(cell for key, cell in row._asdict().items() if key != name) for row in rows)


def recovers(order: Order, mortal: Mortal) -> Ended:
    """Kill a pass as ordered, run it again to its end; return how the first one ended."""
    killed = mortal.run(order)
    assert mortal.run(Order(folder=order.folder)).code == 0
    return killed


@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_pass_killed_at_any_step_is_completed_by_the_next(
    founder: Founder, mortal: Mortal, shard: int
):
    with founder.company("whole") as whole:
        ended = mortal.run(Order(folder=str(whole.folder)))
        assert ended.code == 0
        expected = state(whole)
    assert len(expected["crm"]) == len({key for key, *_ in expected["crm"]}) > 0
    chance = random.Random(shard)
    orders = [Order(folder="", step=k) for k in range(1 + shard, ended.steps + 1, SHARDS)]
    orders += [Order(folder="", step=k, torn=1 + 7 * shard) for k in ended.unsettled]
    orders += [Order(folder="", after_seconds=chance.uniform(0, 0.3)) for _ in range(RANDOM_KILLS)]
    codes: Counter[int] = Counter()
    for i, order in enumerate(orders):
        with founder.company(f"mortal-{i}") as company:
            codes[recovers(replace(order, folder=str(company.folder)), mortal).code] += 1
            found = state(company)
            for what, rows in expected.items():
                assert found[what] == rows, f"{what} after {order}"
    print(f"{codes[-signal.SIGKILL]} kills at {ended.steps} steps: {codes}")  # noqa: T201 - shown by -rP
    assert codes[-signal.SIGKILL] >= FEWEST_KILLS / SHARDS
    assert codes.keys() <= {-signal.SIGKILL, 0}  # a random one may come too late
