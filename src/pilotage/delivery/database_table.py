"""A database whose tables the user's tool reads: one table an object, one row a delivery."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Column, Engine, MetaData, Table, Text
from sqlalchemy.exc import SQLAlchemyError

from pilotage.domain.decision import Delivery, DeliveryState, Receipt
from pilotage.domain.errors import DeliveryError
from pilotage.store.database import insert_rows, open_engine


@dataclass(slots=True, kw_only=True)
class DatabaseTable:
    """Upserts by delivery key, so that a delivery whose receipt was lost shows once."""

    engine: Engine
    reaches_people: bool = False
    _tables: dict[str, Table] = field(default_factory=dict[str, Table])

    def deliver(self, deliveries: Sequence[Delivery]) -> Sequence[Receipt]:
        """Write in one transaction.

        Raises:
            DeliveryError: the database does not take it.
        """
        by_object: dict[str, list[Delivery]] = {}
        for item in deliveries:
            by_object.setdefault(item.object, []).append(item)
        try:
            with self.engine.begin() as connection:
                for name, items in by_object.items():
                    table = self._table(name)
                    table.create(connection, checkfirst=True)
                    insert_rows(
                        connection,
                        table,
                        [(item.key, item.record, item.field, item.value) for item in items],
                        skip_known=True,
                    )
        except SQLAlchemyError as error:
            said = str(getattr(error, "orig", error)).strip()
            raise DeliveryError(
                f"{self.engine.url}: cannot be written ({said}).",
                fix="check the tool's `url`, its access rights and its disk, then run again",
            ) from error
        return [Receipt(key=item.key, state=DeliveryState.DELIVERED) for item in deliveries]

    def _table(self, name: str) -> Table:
        if name not in self._tables:
            self._tables[name] = Table(
                name,
                MetaData(),
                Column("key", Text, primary_key=True),
                Column("record", Text, nullable=False),
                Column("field", Text, nullable=False),
                Column("value", Text, nullable=False),
            )
        return self._tables[name]


def open_database_table(url: str, *, folder: Path) -> DatabaseTable:
    """Open a tool's database.

    Args:
        url: such as `sqlite:///crm.sqlite` or `postgresql://user@host/crm`.
        folder: what a relative SQLite path is relative to.
    """
    return DatabaseTable(engine=open_engine(url, folder=folder))
