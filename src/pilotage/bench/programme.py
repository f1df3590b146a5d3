"""A programme of one use case, opened from its folder: what a bench takes down the road."""

from dataclasses import dataclass
from datetime import UTC, datetime
from os.path import normpath
from pathlib import Path

from pilotage.data.source import OutcomeColumns, TableSource, UnitColumns
from pilotage.delivery.csv_folder import CsvFolder
from pilotage.delivery.database_table import open_database_table
from pilotage.domain.errors import SpecError
from pilotage.ports import Case, Channel
from pilotage.spec.hashing import authored, experiment_hash, spec_hash
from pilotage.spec.loading import load_programme, load_use_case
from pilotage.spec.programme import CsvTool, Programme
from pilotage.spec.use_case import UseCase
from pilotage.store.record import Record, open_record

PROGRAMME_FILE = "pilotage.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A programme with its one use case.

    Args:
        files: where pilotage.yaml is.
        folder: where the record is kept.
        data: what `${data}` stands for.
    """

    files: Path
    folder: Path
    data: Path
    programme: Programme
    spec: UseCase

    def record(self) -> Record:
        """Open the programme's memory."""
        return open_record(
            self.programme.record,
            folder=self.folder,
            programme=self.programme.programme,
            clock=lambda: datetime.now(UTC),
        )

    def case(self, spec: UseCase, *, now: datetime) -> Case:
        """Plug a use case's parts together; `spec` may be a variant of the programme's own."""
        return Case(
            spec=spec,
            spec_text=authored(spec),
            spec_hash=spec_hash(spec),
            experiment_hash=experiment_hash(spec),
            mode=self.programme.mode,
            zone=self.programme.zone,
            source=self._source(spec, now=now),
            channels={item.tool: self._channel(item.tool) for item in spec.deliver},
            signatories={},
        )

    def _source(self, spec: UseCase, *, now: datetime) -> TableSource:
        units, outcomes = spec.data.units, spec.data.outcomes
        return TableSource(
            units=UnitColumns(
                table=self._location(units.table),
                key=units.key,
                at=units.at,
                cluster=None if spec.assigns_units else spec.assign_column,
                strata=spec.experiment.strata,
                segment=units.segment,
                attributes=spec.decide.columns,
            ),
            outcomes=OutcomeColumns(
                table=self._location(outcomes.table),
                key=outcomes.key,
                at=outcomes.at,
                value=outcomes.value,
                complete_until=outcomes.complete_until_date or outcomes.complete_until,
                where=outcomes.conditions,
            ),
            zone=self.programme.timezone,
            now=now,
        )

    def _location(self, table: str) -> str:
        place = self.programme.source(table, data_folder=str(self.data.absolute()))
        return normpath(self.files / place)

    def _channel(self, name: str) -> Channel:
        tool = self.programme.tools[name]
        if isinstance(tool, CsvTool):
            return CsvFolder(folder=self.folder / tool.folder)
        return open_database_table(tool.url, folder=self.folder)


def open_programme(files: Path, *, folder: Path, data: Path) -> Opened:
    """Read a programme's files.

    Args:
        files: where pilotage.yaml is.
        folder: where the record is to be kept.
        data: what `${data}` stands for.

    Raises:
        SpecError: a file is missing or cannot be right, or there is not one use case.
    """
    try:
        programme = load_programme((files / PROGRAMME_FILE).read_bytes(), file=PROGRAMME_FILE)
    except OSError as error:
        raise SpecError(
            f"{files / PROGRAMME_FILE}: cannot be read ({error.strerror}).",
            fix="name the folder of a programme: --programme FOLDER",
        ) from error
    paths = sorted({path for pattern in programme.use_cases for path in files.glob(pattern)})
    if len(paths) != 1:
        raise SpecError(
            f"{files}: holds {len(paths)} use cases; a bench takes one.",
            fix="name a programme with one use case: --programme FOLDER",
        )
    spec = load_use_case(paths[0].read_bytes(), file=paths[0].name)
    return Opened(files=files, folder=folder, data=data, programme=programme, spec=spec)
