"""The tables of the record.

Instants are ISO text in UTC, months `2026-09`. No personal key stands outside `vault`, `outbox`
and `parked`.
"""

from sqlalchemy import (
    REAL,
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeEngine

METADATA = MetaData()

COUNT = BigInteger().with_variant(Integer(), "sqlite")
NUMBER: TypeEngine[float] = Double[float]().with_variant(REAL(), "sqlite")


def _table(name: str, *parts: SchemaItem) -> Table:
    return Table(name, METADATA, *parts, sqlite_strict=True)


entry = _table(
    "entry",
    Column("seq", COUNT, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
)
"""The ledger: one line of JSON each, and its RFC 6962 leaf hash."""

frontier = _table(
    "frontier",
    Column("id", Integer, CheckConstraint("id = 1"), primary_key=True, autoincrement=False),
    Column("size", COUNT, nullable=False),
    Column("nodes", LargeBinary, nullable=False),
)
"""One row: the tree's size and the roots of its perfect subtrees. Its lock orders the writers."""

checkpoint = _table(
    "checkpoint",
    Column("size", COUNT, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
    Column("recorded_at", Text, nullable=False),
)

vault = _table(
    "vault",
    Column("subject", Text, primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)
"""Personal payloads under a key of their own; erasing a person deletes the row."""

suppression = _table("suppression", Column("subject", Text, primary_key=True))
"""Pseudonyms that are never enrolled again."""

experiment = _table(
    "experiment",
    Column("use_case", Text, primary_key=True),
    Column("mode", Text, primary_key=True),
    Column("started_at", Text, nullable=False),
    Column("spec_hash", Text, nullable=False),
    Column("experiment_hash", Text, nullable=False),
    Column("registered", Text, nullable=False),
)
"""What was fixed before the first decision: baseline, arms, look plan, predictor; as JSON."""

model = _table(
    "model",
    Column("version", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)
"""Predictors as they were registered, by the sha256 of what they were built from."""

signature = _table(
    "signature",
    Column("use_case", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("covers", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("signed_at", Text, nullable=False),
    Column("until", Text, nullable=False),
    Column("signature", Text, nullable=False),
)
"""Sign-offs and approvals in force: what was signed, over which hash, by whom, until when."""

halt = _table(
    "halt",
    Column("use_case", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("halted_at", Text, nullable=False),
)

decision = _table(
    "decision",
    Column("use_case", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("mode", Text, nullable=False),
    Column("month", Text, nullable=False),
    Column("arm", Text, nullable=False),
    Column("cluster", Text, nullable=False),
    Column("stratum", Text, nullable=False),
    Column("assigned_at", Text, nullable=False),
    Column("window_ends_at", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("score", NUMBER),
    Column("confidence", NUMBER),
    Column("rank", Integer),
    Column("reason", Text),
    Column("version", Text),
    Index("decision_by_month", "use_case", "mode", "month"),
)

oversight = _table(
    "oversight",
    Column("number", COUNT, primary_key=True, autoincrement=False),
    Column("use_case", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("asked_at", Text, nullable=False),
    Column("escalated_to", Text, nullable=False),
    Column("answer", Text),
    Column("person", Text),
    Column("answered_at", Text),
    Index(
        "oversight_open",
        "use_case",
        "number",
        sqlite_where=text("answer IS NULL"),
        postgresql_where=text("answer IS NULL"),
    ),
)
"""Proposals that a person was asked about; the number is the decision's ledger entry."""

outbox = _table(
    "outbox",
    Column("seq", COUNT, primary_key=True, autoincrement=False),
    Column("key", Text, primary_key=True),
    Column("use_case", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("tool", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index(
        "outbox_pending",
        "use_case",
        "mode",
        "seq",
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
    Index(
        "outbox_waiting",
        "use_case",
        "unit",
        "period",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
)
"""What leaves the house; `seq` is the decision's ledger entry, and the order of delivery.

It leads the primary key: keys are hashes, which by themselves would fall anywhere in an index.
"""

happening = _table(
    "happening",
    Column("use_case", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("at", Text, primary_key=True),
    Column("value", NUMBER, nullable=False),
    Index("happening_by_time", "use_case", "at"),
)
"""What the outcome source says of enrolled units: all amounts of one unit at one instant."""

outcome = _table(
    "outcome",
    Column("use_case", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("value", NUMBER, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("seq", COUNT, nullable=False),
)
"""One row a unit whose window closed on a complete source, zero counts; `seq` is its entry."""

parked = _table(
    "parked",
    Column("id", Text, primary_key=True),
    Column("use_case", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("as_of", Text, nullable=False),
)
"""Rows refused at the edge, with the reason; the raw key stays here until the unit is erased."""

verdict = _table(
    "verdict",
    Column("use_case", Text, primary_key=True),
    Column("mode", Text, primary_key=True),
    Column("month", Text, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("body", Text, nullable=False),
    Column("seq", COUNT, nullable=False),
)


def same_decision(table: Table, other: Table = decision) -> ColumnElement[bool]:
    """Join rows to the decisions that they are of, or to other rows of the same decision."""
    return (
        (table.c.use_case == other.c.use_case)
        & (table.c.unit == other.c.unit)
        & (table.c.period == other.c.period)
    )
