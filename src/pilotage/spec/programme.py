"""pilotage.yaml: the programme that use cases belong to."""

from collections.abc import Mapping
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from pilotage.domain.decision import Mode
from pilotage.spec.scalars import Currency, Declared, KebabName, Name, refused

DATA_FOLDER = "${data}"
"""In a source's path: the folder given by `--data`."""


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:
        raise refused(
            f"is {name!r}, which no time-zone list has.", fix="write UTC or Europe/Paris"
        ) from error
    return name


def _record(url: str) -> str:
    if url.partition("://")[0].partition("+")[0] not in {"sqlite", "postgresql"}:
        raise refused(
            f"is {url!r}; the record is kept in SQLite or PostgreSQL.",
            fix="write sqlite:///.pilotage/record.sqlite or postgresql://user@host/database",
        )
    return url


class CsvTool(Declared):
    """A folder of CSV files that stand in for a tool; one file an object."""

    kind: Literal["csv"]
    folder: Name


class TableTool(Declared):
    """A database whose tables people's tool reads; one table an object."""

    kind: Literal["table"]
    url: Name


Tool = Annotated[CsvTool | TableTool, Field(discriminator="kind")]


class Person(Declared):
    """Somebody who signs: their roles, and the key that proves it is them."""

    roles: tuple[Name, ...] = ()
    key: Name | None = None


class Programme(Declared):
    """A programme: where its data, tools and people are.

    Args:
        timezone: whose months are the business calendar.
        record: URL of the database; a SQLite path is relative to the programme's folder.
        sources: table name to path or URL; `${data}` is the folder given by `--data`.
        use_cases: files, or patterns of files, below the programme's folder.
    """

    programme: KebabName
    title: str = ""
    timezone: Annotated[str, AfterValidator(_time_zone)] = "UTC"
    currency: Currency = "USD"
    mode: Mode = Mode.SHADOW
    record: Annotated[str, AfterValidator(_record)] = "sqlite:///.pilotage/record.sqlite"
    sources: Mapping[Name, Name] = Field(default_factory=dict[str, str])
    tools: Mapping[Name, Tool] = Field(default_factory=dict[str, CsvTool | TableTool])
    people: Mapping[Name, Person] = Field(default_factory=dict[str, Person])
    use_cases: tuple[Name, ...] = ("use_cases/*.yaml",)

    @property
    def zone(self) -> ZoneInfo:
        """The business calendar's time zone."""
        return ZoneInfo(self.timezone)

    def source(self, table: str, *, data_folder: str) -> str:
        """Return the path or URL of a table, with `${data}` filled in.

        >>> Programme(programme="sales", sources={"leads": "${data}/leads.csv"}).source(
        ...     "leads", data_folder="july")
        'july/leads.csv'
        """
        return self.sources[table].replace(DATA_FOLDER, data_folder)
