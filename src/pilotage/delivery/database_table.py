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
                    insert_rows(
                        connection,
                        self._table(name),
                        [(item.key, item.record, item.field, item.value) for item in items],
                        skip_known=True,
                    )
        except SQLAlchemyError as error:
            raise DeliveryError(
                f"{self.engine.url}: cannot be written ({error}).",
                fix="check the tool's `url`, its access rights and its disk, then run again",
            ) from error
        return [Receipt(key=item.key, state=DeliveryState.DELIVERED) for item in deliveries]

    def _table(self, name: str) -> Table:
        if name not in self._tables:
            table = Table(
                name,
                MetaData(),
                Column("key", Text, primary_key=True),
                Column("record", Text, nullable=False),
                Column("field", Text, nullable=False),
                Column("value", Text, nullable=False),
            )
            table.create(self.engine, checkfirst=True)
            self._tables[name] = table
        return self._tables[name]


def open_database_table(url: str, *, folder: Path) -> DatabaseTable:
    """Open a tool's database.

    Args:
        url: such as `sqlite:///crm.sqlite` or `postgresql://user@host/crm`.
        folder: what a relative SQLite path is relative to.
    """
    return DatabaseTable(engine=open_engine(url, folder=folder))
