"""The record: one transaction for business rows, ledger entries and outbox rows."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, func, select

from pilotage.domain.entry import Entry
from pilotage.domain.errors import StoreError
from pilotage.governance.pseudonym import pseudonyms
from pilotage.store.database import closed_on_error, open_database, translated
from pilotage.store.keys import Secrets, open_secrets
from pilotage.store.ledger import LedgerWriter
from pilotage.store.tables import frontier

STATE_FOLDER = ".pilotage"
PASS_LOCK = 20_260_901
"""PostgreSQL's advisory locks go by number; this one is held by the pass at work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """What is written together: all of it, or after a crash none of it."""

    connection: Connection
    ledger: LedgerWriter
    secrets: Secrets
    now: datetime

    def append(self, *entries: Entry) -> range:
        """Append ledger entries; return their sequence numbers."""
        return self.ledger.append(entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A programme's memory.

    Args:
        engine: SQLite or PostgreSQL, migrated.
        folder: the programme's own.
        clock: tells `recorded_at`; real even where `as_of` is simulated.
    """

    engine: Engine
    folder: Path
    secrets: Secrets
    clock: Callable[[], datetime]

    @contextmanager
    def transaction(self) -> Generator[Transaction]:
        """Write business rows, entries and outbox rows as one."""
        now = self.clock()
        with translated(self.engine.url), self.engine.begin() as connection:
            ledger = LedgerWriter(connection, key=self.secrets.ledger, now=now)
            yield Transaction(connection=connection, ledger=ledger, secrets=self.secrets, now=now)
            ledger.close()

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """Read what was there at one moment, without holding up a writer."""
        with (
            translated(self.engine.url),
            self.engine.connect().execution_options(reading=True) as connection,
        ):
            if connection.dialect.name == "postgresql":  # SQLite does so by itself
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    def checkpoint(self) -> str:
        """Sign what the ledger holds now, and return the note."""
        with self.transaction() as work:
            return work.ledger.sign()

    def pseudonyms(self, keys: list[str], *, kind: str) -> list[str]:
        """Return what stands for identifiers in tables and ledger."""
        return pseudonyms(keys, kind=kind, secret=self.secrets.pseudonym)

    @contextmanager
    def one_at_a_time(self) -> Generator[None]:
        """Hold the programme for one pass; a killed process lets go by itself.

        Raises:
            StoreError: another pass is at work.
        """
        busy = StoreError(
            f"another run is at work on the programme in {self.folder}.",
            fix="wait until it is done, then run the same command again; nothing is lost",
        )
        if self.engine.dialect.name == "postgresql":
            with (
                translated(self.engine.url),
                self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
            ):
                if not connection.scalar(select(func.pg_try_advisory_lock(PASS_LOCK))):
                    raise busy
                try:
                    yield
                finally:
                    connection.execute(select(func.pg_advisory_unlock(PASS_LOCK)))
            return
        path = self.folder / STATE_FOLDER / "pass.lock"
        try:
            held = FileLock(path, timeout=0).acquire()
        except Timeout as error:
            raise busy from error
        except OSError as error:
            raise StoreError(
                f"{path}: cannot be written ({error.strerror}).",
                fix="give yourself write access to the programme's folder",
            ) from error
        with held:
            yield


def open_record(url: str, *, folder: Path, programme: str, clock: Callable[[], datetime]) -> Record:
    """Open a programme's record, making it on first use.

    Args:
        url: the database; a relative SQLite path is relative to `folder`.
        folder: the programme's own.
        programme: names the ledger.
        clock: the real one.

    Raises:
        StoreError: it cannot be opened or written.
    """
    engine = open_database(url, folder=folder)
    with closed_on_error(engine):
        with translated(engine.url), engine.connect().execution_options(reading=True) as connection:
            new = not connection.scalar(select(frontier.c.size))
        secrets = open_secrets(folder / STATE_FOLDER / "keys", programme=programme, new=new)
    return Record(engine=engine, folder=folder, secrets=secrets, clock=clock)
