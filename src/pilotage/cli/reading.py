"""Reading all files of a programme, and all that is wrong with them, not only the first."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pilotage.data.tables import open_table
from pilotage.domain.errors import PilotageError, SourceError, SpecError
from pilotage.opening import PROGRAMME_FILE, Opened
from pilotage.spec.loading import load_programme, load_use_case
from pilotage.spec.programme import Programme
from pilotage.spec.use_case import UseCase

USE_CASES = ("use_cases/*.yaml",)
"""Where use cases stand when pilotage.yaml does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What could be read, and what could not.

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

    def opened(self, data_folder: Path | None) -> Opened | None:
        """Return the programme as the other commands open it."""
        if self.programme is None:
            return None
        return Opened(
            folder=self.folder,
            kept_in=self.folder,
            data_folder=str((data_folder or self.folder).absolute()),
            programme=self.programme,
            specs=self.specs,
        )


def read_files(folder: Path) -> Files:
    """Read pilotage.yaml and every use case; an error in one does not hide those of others."""
    errors: list[PilotageError] = []
    programme: Programme | None = None
    try:
        text = _read(folder / PROGRAMME_FILE, fix=f"pilotage init {folder}")
        programme = load_programme(text, file=PROGRAMME_FILE)
    except SpecError as error:
        errors.append(error)
    patterns = programme.use_cases if programme else USE_CASES
    paths = sorted({path for pattern in patterns for path in folder.glob(pattern)})
    specs: dict[str, UseCase] = {}
    files: dict[str, str] = {}
    for path in paths:
        file = str(path.relative_to(folder))
        try:
            spec = load_use_case(_read(path, fix="make the file readable"), file=file)
        except SpecError as error:
            errors.append(error)
            continue
        if spec.use_case in specs:
            errors.append(_twice(spec.use_case, file, files[spec.use_case]))
            continue
        specs[spec.use_case], files[spec.use_case] = spec, file
    if not paths and programme:
        errors.append(
            SpecError(
                f"{folder / PROGRAMME_FILE}: no file matches {', '.join(patterns)}.",
                fix="pilotage init NEW_FOLDER shows an example; write one like it there",
            )
        )
    return Files(folder=folder, programme=programme, specs=specs, files=files, errors=tuple(errors))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """The columns of the tables that use cases name, and the tables that cannot be read."""

    columns: Mapping[str, tuple[str, ...]]
    errors: Mapping[str, SourceError]


def read_tables(opened: Opened) -> Tables:
    """Open every declared table that a use case names."""
    columns: dict[str, tuple[str, ...]] = {}
    errors: dict[str, SourceError] = {}
    named = [
        table
        for spec in opened.specs.values()
        for table in (spec.data.units.table, spec.data.outcomes.table)
    ]
    for table in dict.fromkeys(named):
        if table not in opened.programme.sources:
            continue
        try:
            found = open_table(opened.location(table, asked_by=table))
            columns[table] = tuple(found.rows.columns)
        except SourceError as error:
            errors[table] = error
    return Tables(columns=columns, errors=errors)


def _twice(name: str, file: str, earlier: str) -> SpecError:
    return SpecError(
        f"{file}: a second use case is called {name!r}; the first is {earlier}.",
        fix="give it a name of its own",
    )


def _read(path: Path, *, fix: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SpecError(f"{path}: cannot be read ({error.strerror}).", fix=fix) from error
