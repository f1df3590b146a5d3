"""A small company with a live use case, for tests to type commands at."""

import csv
import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import cast

from pilotage.cli import main
from pilotage.opening import Opened, open_programme

LEADS = "inbound-leads"
START = datetime(2026, 6, 1, tzinfo=UTC)
NOW = "2026-10-15"
EVIDENCE = "evidence.txt"
TIERS = ("enterprise", "mid", "small")

PROGRAMME = """\
# Acme's programme. Comments stay.
programme: acme
mode: live
sources: {leads: leads.csv, replies: replies.csv}
tools:
  crm: {kind: csv, folder: crm}   # stands in for the CRM
"""

USE_CASE = """\
use_case: inbound-leads
owner: vp-sales
process: {unit: lead, volume_per_month: 120}
outcome:
  metric: reply_rate
  kind: proportion
  window: 7 days
  value: {amount: 1500, currency: USD, basis: gross_margin}
data:
  units: {table: leads, key: lead_id, at: created_at}
  outcomes: {table: replies, key: lead_id, at: replied_at, complete_until: 2026-12-31}
decide:
  columns: [tier]
  rules:
    - {when: {tier: enterprise}, probability: 0.9, reason: enterprise accounts answer}
    - {when: {tier: mid}, probability: 0.4, reason: some of these answer}
  otherwise: 0.02
oversight: {automatic_from: 0.95, ask_from: 0.5, sample: 0}
deliver:
  - {tool: crm, object: lead, fields: {ai_priority: rank, ai_reason: reason}}
experiment: {start: 2026-09-01}
governance: {}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, object]:
        return cast("dict[str, object]", json.loads(self.out))

    @property
    def error(self) -> dict[str, str]:
        """What `--json` says on stderr when something is refused."""
        return cast("dict[str, str]", json.loads(self.err))


def pilotage(*words: str, on: str | None = None) -> Said:
    """Type a command in this process, on a day in UTC; today when none is said."""
    today = on and datetime.fromisoformat(on).replace(tzinfo=UTC)
    out, err, code = StringIO(), StringIO(), 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main(list(words), clock=(lambda: today) if today else None)
        except SystemExit as exit_:
            code = int(exit_.code or 0)
    return Said(code=code, out=out.getvalue(), err=err.getvalue())


ONE = "from pilotage.cli import main; main()"

MANY = """
import shlex, sys
from pilotage.cli import main
for command in sys.argv[1:]:
    try:
        main(shlex.split(command))
    except SystemExit as exit_:
        if exit_.code:
            raise
"""


def in_a_process(*words: str, code: str = ONE, before: Sequence[str] = ()) -> Said:
    """Type a command, as a shell does; `before` is put before it."""
    done = subprocess.run(  # noqa: S603 - our own program with words written here
        [*before, sys.executable, "-c", code, *words], capture_output=True, check=False, text=True
    )
    return Said(code=done.returncode, out=done.stdout, err=done.stderr)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acme:
    """The company: its folder, its people's keys, and somebody at the keyboard."""

    folder: Path
    keys: Path

    def types(self, *words: str, on: str = NOW) -> Said:
        """Type a command at this programme, on a day."""
        return pilotage(*words, "-p", str(self.folder), on=on)

    def does(self, *words: str, on: str = NOW) -> Said:
        """Type a command that must succeed."""
        said = self.types(*words, on=on)
        assert said.code == 0, said.err
        return said

    def does_in_a_process(self, *commands: Sequence[str]) -> Said:
        """Type commands that must succeed, one after the other, in a process of their own."""
        there = ("-p", str(self.folder))
        said = in_a_process(*(shlex.join((*words, *there)) for words in commands), code=MANY)
        assert said.code == 0, said.err
        return said

    @property
    def evidence(self) -> str:
        return str(self.folder / EVIDENCE)

    @property
    def record(self) -> Path:
        return self.folder / ".pilotage/record.sqlite"

    def opened(self) -> Opened:
        return open_programme(self.folder, data_folder=None)

    def writes(self, use_case: str) -> None:
        (self.folder / "use_cases/leads.yaml").write_text(use_case, encoding="utf-8")

    def waiting(self) -> list[dict[str, object]]:
        listed = self.does("oversight", "list", "--limit", "1000", "--json").json
        return cast("list[dict[str, object]]", listed["waiting"])

    def numbers(self) -> list[str]:
        return [str(one["number"]) for one in self.waiting()]

    def entries(self, kind: str) -> list[dict[str, object]]:
        """Read the entries of one kind from the log."""
        with self.opened().record().reading() as connection:
            bodies = connection.exec_driver_sql("SELECT body FROM entry ORDER BY seq").scalars()
            found = [cast("dict[str, object]", json.loads(body)) for body in bodies]
        return [one for one in found if one["kind"] == kind]

    def copy(self, to: Path) -> "Acme":
        shutil.copytree(self.folder, to / "acme")
        shutil.copytree(self.keys, to / "keys")
        return Acme(folder=to / "acme", keys=to / "keys")


def found(folder: Path) -> Acme:
    """Set the company up: files, no record yet."""
    home = folder / "acme"
    (home / "use_cases").mkdir(parents=True)
    (home / "pilotage.yaml").write_text(PROGRAMME, encoding="utf-8")
    (home / EVIDENCE).write_text("The assessment of 2026-08-20.\n", encoding="utf-8")
    _write(home / "leads.csv", _leads())
    _write(home / "replies.csv", _replies())
    (folder / "keys").mkdir()
    acme = Acme(folder=home, keys=folder / "keys")
    acme.writes(USE_CASE)
    return acme


def _leads() -> Iterator[Mapping[str, str]]:
    for n in range(480):
        at = START + timedelta(hours=6 * n)
        yield {"lead_id": f"lead-{n}@x.test", "created_at": at.isoformat(), "tier": TIERS[n % 3]}


def _replies() -> Iterator[Mapping[str, str]]:
    for n in range(0, 480, 4):
        at = START + timedelta(hours=6 * n + 30)
        yield {"lead_id": f"lead-{n}@x.test", "replied_at": at.isoformat()}


def _write(path: Path, rows: Iterator[Mapping[str, str]]) -> None:
    listed = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(listed[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(listed)
