"""Opening a programme: read its files, plug its parts together."""

import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pilotage.data.contract import load_contract
from pilotage.data.databases import parts
from pilotage.data.source import OutcomeColumns, TableSource, UnitColumns
from pilotage.delivery.csv_folder import CsvFolder
from pilotage.delivery.database_table import open_database_table
from pilotage.domain.decision import Mode
from pilotage.domain.errors import PilotageError, SourceError, SpecError
from pilotage.governance.checkpoint import VerifyingKey
from pilotage.governance.permit import Signatory
from pilotage.ports import Case, Channel
from pilotage.spec.hashing import authored, spec_hash
from pilotage.spec.loading import load_programme, load_use_case
from pilotage.spec.programme import DATA_FOLDER, CsvTool, Programme
from pilotage.spec.use_case import UseCase
from pilotage.store.record import Record, open_record

PROGRAMME_FILE = "pilotage.yaml"

USE_CASES = ("use_cases/*.yaml",)
"""Where use cases stand when pilotage.yaml does not say."""

Clock = Callable[[], datetime]
"""Tells what time it is, in UTC."""


def wall_clock() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A programme whose files were read.

    Args:
        folder: where pilotage.yaml is.
        kept_in: where its record and its folders of CSV files are; for a bench another than
            the programme's own.
        data_folder: what `${data}` stands for.
        specs: its use cases by name, in the order of their files.
        clock: tells what time it is; `recorded_at` is real whatever it tells.
    """

    folder: Path
    kept_in: Path
    data_folder: str
    programme: Programme
    specs: Mapping[str, UseCase]
    clock: Clock = wall_clock

    def at(self, instant: datetime | None) -> datetime:
        """Return the instant that a command stands for: now when none was typed.

        Args:
            instant: without a time zone, what clocks of the programme's time zone show.
        """
        if instant is None:
            return self.clock()
        return instant.replace(tzinfo=instant.tzinfo or self.programme.zone).astimezone(UTC)

    def spec(self, name: str) -> UseCase:
        """Return one use case.

        Raises:
            SpecError: there is none of that name.
        """
        if name not in self.specs:
            raise SpecError(
                f"{self.folder}: there is no use case {name!r}.",
                fix=f"write one of {', '.join(self.specs) or '(none is declared yet)'}",
            )
        return self.specs[name]

    def only(self) -> UseCase:
        """Return the one use case there is.

        Raises:
            SpecError: there are several, or none.
        """
        if len(self.specs) == 1:
            return next(iter(self.specs.values()))
        raise SpecError(
            f"{self.folder}: holds {len(self.specs)} use cases, where one is taken.",
            fix="name the folder of a programme with one use case",
        )

    def chosen(self, name: str | None) -> list[UseCase]:
        """Return the named use case, or all of them."""
        return [self.spec(name)] if name else list(self.specs.values())

    def require_use_cases(self) -> None:
        """Refuse a programme without any.

        Raises:
            SpecError: no file declares one.
        """
        if not self.specs:
            raise SpecError(
                f"{self.folder}: no use case is declared"
                f" ({', '.join(self.programme.use_cases)} matches no file).",
                fix="write one, or draft it: pilotage init DIR --from UNITS --outcomes OUTCOMES",
            )

    def record(self) -> Record:
        """Open the programme's memory."""
        return open_record(
            self.programme.record,
            folder=self.kept_in,
            programme=self.programme.programme,
            clock=wall_clock,
        )

    def location(self, table: str, *, asked_by: str) -> str:
        """Return the path or URL of a declared table; a path is relative to the folder.

        Raises:
            SpecError: the table is not declared.
            SourceError: its file is looked for beside the programme, as `${data}` was not given,
                and is not there.
        """
        if table not in self.programme.sources:
            raise SpecError(
                f"{asked_by}: the table {table!r} is not declared in {PROGRAMME_FILE}.",
                fix=f"add `{table}: path/to/{table}.csv` under `sources:`",
            )
        place = self.programme.source(table, data_folder=self.data_folder)
        before, path, after = parts(place)
        if not path:
            return place
        file = os.path.normpath(self.folder / path)
        is_left_out = self.data_folder == str(self.folder.absolute())
        if DATA_FOLDER in self.programme.sources[table] and is_left_out and not Path(file).exists():
            raise SourceError(
                f"{file}: there is no such file; {DATA_FOLDER} is the programme's folder where"
                " no other is named.",
                fix=f"name the folder that {DATA_FOLDER} stands for: --data FOLDER",
            )
        return before + file + after

    def signatories(self) -> dict[str, Signatory]:
        """Return the people who may sign, with their public keys."""
        return {
            name: Signatory(roles=person.roles, key=VerifyingKey.parse(person.key))
            for name, person in self.programme.people.items()
            if person.key
        }

    def case(self, spec: UseCase, *, now: datetime, mode: Mode | None = None) -> Case:
        """Plug a use case's parts together.

        Args:
            now: rows later than that are in the future.
            mode: in place of the programme's own.
        """
        return Case(
            spec=spec,
            spec_text=authored(spec),
            spec_hash=spec_hash(spec),
            mode=mode or self.programme.mode,
            zone=self.programme.zone,
            source=self.source(spec, now=now),
            channels=self._channels(spec),
            signatories=self.signatories(),
        )

    def source(self, spec: UseCase, *, now: datetime) -> TableSource:
        """Open a use case's tables."""
        units, outcomes = spec.data.units, spec.data.outcomes
        contract = spec.data.contract
        return TableSource(
            units=UnitColumns(
                table=self.location(units.table, asked_by=spec.use_case),
                key=units.key,
                at=units.at,
                cluster=None if spec.assigns_units else spec.assign_column,
                strata=spec.experiment.strata,
                segment=units.segment,
                attributes=spec.decide.columns,
                name=units.table,
            ),
            outcomes=OutcomeColumns(
                table=self.location(outcomes.table, asked_by=spec.use_case),
                key=outcomes.key,
                at=outcomes.at,
                value=outcomes.value,
                complete_until=outcomes.complete_until_date or outcomes.complete_until,
                where=outcomes.conditions,
                name=outcomes.table,
            ),
            zone=self.programme.timezone,
            now=now,
            contract=load_contract(self.folder / contract) if contract else None,
        )

    def _channels(self, spec: UseCase) -> dict[str, Channel]:
        return {item.tool: self._channel(item.tool, spec) for item in spec.deliver}

    def _channel(self, name: str, spec: UseCase) -> Channel:
        tool = self.programme.tools.get(name)
        if tool is None:
            raise SpecError(
                f"{spec.use_case}: delivers to {name!r}, which {PROGRAMME_FILE} does not declare.",
                fix=f"add `{name}: {{kind: csv, folder: {name}}}` under `tools:`",
            )
        if isinstance(tool, CsvTool):
            return CsvFolder(folder=self.kept_in / tool.folder)
        return open_database_table(tool.url, folder=self.kept_in)


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What could be read of a programme, and what could not.

    Args:
        programme: None where pilotage.yaml cannot be used.
        specs: use cases by name.
        files: the file of each use case, relative to the folder.
    """

    folder: Path
    programme: Programme | None
    specs: Mapping[str, UseCase]
    files: Mapping[str, str]
    errors: tuple[PilotageError, ...]

    def opened(
        self, *, data_folder: Path | None, kept_in: Path | None = None, clock: Clock = wall_clock
    ) -> Opened | None:
        """Return the programme with the use cases that could be read."""
        if self.programme is None:
            return None
        return Opened(
            folder=self.folder,
            kept_in=kept_in or self.folder,
            data_folder=str((data_folder or self.folder).absolute()),
            programme=self.programme,
            specs=self.specs,
            clock=clock,
        )


def read_files(folder: Path) -> Files:
    """Read pilotage.yaml and every use case; an error in one does not hide those of others."""
    errors: list[PilotageError] = []
    programme: Programme | None = None
    try:
        text = _read(folder / PROGRAMME_FILE, missing=f"pilotage init {folder}")
        programme = load_programme(text, file=PROGRAMME_FILE)
    except SpecError as error:
        errors.append(error)
    specs: dict[str, UseCase] = {}
    files: dict[str, str] = {}
    patterns = programme.use_cases if programme else USE_CASES
    for path in sorted({path for pattern in patterns for path in folder.glob(pattern)}):
        file = str(path.relative_to(folder))
        try:
            spec = load_use_case(_read(path, missing="name files that exist"), file=file)
        except SpecError as error:
            errors.append(error)
            continue
        if spec.use_case in specs:
            errors.append(_twice(spec.use_case, file, files[spec.use_case]))
            continue
        specs[spec.use_case], files[spec.use_case] = spec, file
    return Files(folder=folder, programme=programme, specs=specs, files=files, errors=tuple(errors))


def open_programme(
    folder: Path,
    *,
    data_folder: Path | None = None,
    kept_in: Path | None = None,
    clock: Clock = wall_clock,
) -> Opened:
    """Read a programme's files.

    Args:
        folder: where pilotage.yaml is.
        data_folder: what `${data}` stands for; None for the programme's folder.
        kept_in: where record and CSV files are kept; None for the programme's folder.
        clock: tells what time it is.

    Raises:
        PilotageError: a file is missing, unreadable or cannot be right.
    """
    files = read_files(folder)
    opened = files.opened(data_folder=data_folder, kept_in=kept_in, clock=clock)
    if opened is None or files.errors:
        raise files.errors[0]
    return opened


def _twice(name: str, file: str, earlier: str) -> SpecError:
    return SpecError(
        f"{file}: a second use case is called {name!r}; the first is {earlier}.",
        fix="give it a name of its own",
    )


def _read(path: Path, *, missing: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise SpecError(f"{path}: there is no such file.", fix=missing) from error
    except NotADirectoryError as error:
        raise SpecError(
            f"{path.parent}: this is a file, where a programme's folder is named.",
            fix=f"name the folder that holds {PROGRAMME_FILE}: -p FOLDER",
        ) from error
    except OSError as error:
        raise SpecError(
            f"{path}: cannot be read ({error.strerror}).",
            fix=f"let its owner give you the right to read it: chmod u+r {shlex.quote(str(path))}",
        ) from error
