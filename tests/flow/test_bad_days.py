"""Bad days: no rights, no room, two at once, an impatient person. `pilotage run` as people type it.

Each time: an error that says what is wrong and what to do, and nothing lost once it is mended.
"""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select

from pilotage.store.record import Record
from pilotage.store.tables import decision
from tests.flow.company import END, LEADS, NEW, Company, instant, lead, stamp
from tests.rights import RIGHTS_MATTER
from tests.store.examples import verified

ROOT = Path(__file__).parents[2]
INTERRUPTED = 130
PATIENCE_SECONDS = 60
MANY = 11_000
"""Leads that keep a pass at work for a second or two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str


def command(company: Company) -> list[str]:
    company.write()
    return [sys.executable, "-m", "pilotage", "run", "-p", str(company.folder), "--as-of", END]


def told(arguments: list[str], *, before: Callable[[], None] | None = None) -> Said:
    done = subprocess.run(  # noqa: S603 - this Python, arguments of this test
        arguments,
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=False,
        timeout=PATIENCE_SECONDS,
        preexec_fn=before,
    )
    return Said(code=done.returncode, out=done.stdout, err=done.stderr)


def hears_ctrl_c() -> None:
    """Undo what a shell does to a command in the background: it is deaf to Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def pilotage(company: Company, *, before: Callable[[], None] | None = None) -> Said:
    """Run a pass in a process of its own, which does something to itself first."""
    return told(command(company), before=before)


def unprivileged(company: Company) -> Said:
    """Run a pass as somebody whom rights matter to."""
    return told([*RIGHTS_MATTER, *command(company)])


def refused(said: Said, what: str) -> None:
    """The pass ended with one error, its fix, and no traceback."""
    assert said.code == 1, said
    assert what in said.err
    assert "\n  fix: " in said.err
    assert "Traceback" not in said.err


def completes(company: Company, *, decided: int = NEW) -> None:
    """The next pass makes it whole: every unit decided, every delivery shown once."""
    said = pilotage(company)
    assert said.code == 0, said
    rows = company.rows()
    assert len(rows["decision"]) == decided
    assert {row.state for row in rows["outbox"]} <= {"delivered", "waiting"}
    shown = company.in_csv()
    assert len(shown) == len({row["key"] for row in shown})
    assert {row["key"] for row in shown} == {
        r.key for r in rows["outbox"] if r.state == "delivered"
    }
    with company.record() as record:
        assert verified(record).is_intact


def crowd(company: Company) -> int:
    """Give the company so many leads that a pass takes a while; return how many are new."""
    extra = [
        {**lead(i % 3), "lead_id": f"more-{i}", "created_at": stamp(instant("2026-04-02"))}
        for i in range(MANY)
    ]
    company.table("leads", [*LEADS, *extra])
    return NEW + MANY


def test_folders_without_write_access_are_named_until_they_are_mended(company: Company):
    company.write()
    company.folder.chmod(0o555)
    refused(unprivileged(company), "the record's folder cannot be made (Permission denied)")
    company.folder.chmod(0o755)
    (company.folder / "crm").mkdir(mode=0o555)
    refused(unprivileged(company), "crm/lead.csv: cannot be written (Permission denied)")
    (company.folder / "crm").chmod(0o755)
    for name in ("record.sqlite", "keys", "."):
        place = company.folder / ".pilotage" / name
        place.chmod(0o000 if place.is_file() else 0o555)
        if name != "keys":
            refused(unprivileged(company), "")
        place.chmod(0o600 if place.is_file() else 0o755)
    assert unprivileged(company).code == 0
    completes(company)


@pytest.mark.parametrize("kilobytes", [0, 60, 150, 200])
def test_a_limit_on_file_size_loses_nothing(company: Company, kilobytes: int):
    decided = crowd(company)

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # as a full disk: the write fails
        resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024, kilobytes * 1024))

    said = pilotage(company, before=limit)
    refused(said, "")
    assert "run" in said.err
    completes(company, decided=decided)


@contextmanager
def small_disk(place: Path, *, kilobytes: int) -> Generator[Path]:
    """Mount a disk with little room, where this process may."""
    place.mkdir()
    mounted = told(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(place)])
    if mounted.code:
        pytest.skip(f"no disk can be mounted here: {mounted.err.strip()}")
    try:
        yield place
    finally:
        told(["umount", str(place)])


@pytest.mark.skipif(bool(os.geteuid()), reason="only root may mount a disk")
@pytest.mark.parametrize("kilobytes", [1_500, 3_000, 6_000])
def test_a_full_disk_loses_nothing(tmp_path: Path, kilobytes: int):
    with small_disk(tmp_path / "disk", kilobytes=kilobytes) as place:
        company = Company(folder=place)
        decided = crowd(company)
        refused(pilotage(company), "the disk is full")
        more = told(["mount", "-o", "remount,size=200m", str(place)])
        assert more.code == 0
        completes(company, decided=decided)


def started(company: Company) -> subprocess.Popen[str]:
    """Start a pass and wait until it has begun to decide."""
    process = subprocess.Popen(  # noqa: S603 - this Python, arguments of this test
        command(company),
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=hears_ctrl_c,  # noqa: PLW1509 - the tests have one thread
    )
    give_up = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up:
        if (company.folder / ".pilotage" / "keys" / "pseudonym.key").exists():
            with company.record() as record:
                if everything_is_begun(record):
                    return process
        time.sleep(0.02)
    raise TimeoutError("the pass did not begin")


def everything_is_begun(record: Record) -> bool:
    with record.reading() as connection:
        return bool(connection.execute(select(decision.c.unit).limit(1)).all())


@pytest.fixture(params=["sqlite", "postgresql"])
def busy(request: pytest.FixtureRequest, company: Company) -> Company:
    """A company whose passes take a while, with its record on either database."""
    if request.param == "postgresql":
        company.programme["record"] = request.getfixturevalue("postgres_url")
    crowd(company)
    return company


def test_two_at_once_the_second_says_so_and_the_first_completes(busy: Company):
    first = started(busy)
    first.send_signal(signal.SIGSTOP)  # in the middle of its work, however fast it is
    refused(pilotage(busy), "another run is at work")
    first.send_signal(signal.SIGCONT)
    out, err = first.communicate(timeout=PATIENCE_SECONDS)
    assert first.returncode == 0, err
    assert f"{NEW + MANY:,} decided" in out
    completes(busy, decided=NEW + MANY)


def test_two_that_open_a_new_record_at_once_do_not_meet(busy: Company):
    arguments = command(busy)
    both = [
        subprocess.Popen(arguments, cwd=ROOT, text=True, stderr=subprocess.PIPE)  # noqa: S603 - this Python, arguments of this test
        for _ in range(2)
    ]
    said = [(one.communicate(timeout=PATIENCE_SECONDS)[1], one.returncode) for one in both]
    assert sorted(code for _, code in said) in ([0, 0], [0, 1])
    assert all("another run is at work" in err for err, code in said if code)
    completes(busy, decided=NEW + MANY)


def test_an_impatient_person_loses_nothing(busy: Company):
    process = started(busy)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == INTERRUPTED, (out, err)
    assert "Nothing is lost: run the same command again." in err
    assert "Traceback" not in err
    completes(busy, decided=NEW + MANY)


LONG_QUERY = """
from pilotage.data.engine import execute
print("begun", flush=True)
try:
    execute("SELECT count(DISTINCT hash(range)) FROM range(30000000)")
except KeyboardInterrupt:
    print("interrupted")
"""


def test_a_query_of_tables_that_is_interrupted_says_just_that():
    with subprocess.Popen(  # noqa: S603 - this Python, arguments of this test
        [sys.executable, "-c", LONG_QUERY],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        preexec_fn=hears_ctrl_c,  # noqa: PLW1509 - the tests have one thread
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        time.sleep(0.3)  # until the engine is at it
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == "interrupted\n"


@pytest.mark.parametrize("damage", ["cut", "zeros", "text"])
def test_a_damaged_record_is_said_to_be_one(company: Company, damage: str):
    assert pilotage(company).code == 0
    file = company.folder / ".pilotage" / "record.sqlite"
    whole = file.read_bytes()
    damaged = {
        "cut": whole[: len(whole) // 3],
        "zeros": whole[:4096] + bytes(len(whole) - 4096),
        "text": b"this is a letter to my bank\n" * 500,
    }
    file.write_bytes(damaged[damage])
    refused(pilotage(company), "no record" if damage == "text" else "the record is damaged")
    file.write_bytes(whole)
    completes(company)


def test_a_postgresql_that_is_down_is_said_to_be(company: Company):
    company.programme["record"] = "postgresql://ann:secret@127.0.0.1:1/acme"
    said = pilotage(company)
    refused(said, "PostgreSQL does not answer")
    assert "secret" not in said.err


def test_a_postgresql_that_goes_away_in_the_middle_loses_nothing(
    company: Company, postgres_url: str
):
    company.programme["record"] = postgres_url
    decided = crowd(company)
    process = started(company)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    _, err = process.communicate(timeout=PATIENCE_SECONDS)
    refused(Said(code=process.returncode, out="", err=err), "postgresql")
    completes(company, decided=decided)
