"""Sockets: every plug-in point on one page. A plug-in is an object with these methods."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Protocol

from pilotage.domain.census import Census
from pilotage.domain.decision import Delivery, Mode, Proposal, Receipt
from pilotage.domain.entry import Entry
from pilotage.domain.unit import Outcome, Parked, Unit
from pilotage.governance.permit import Signatory
from pilotage.spec.use_case import UseCase


class Source(Protocol):
    """Where a use case's units and outcomes are read from, in batches; refused rows come too."""

    def units(
        self, *, since: datetime | None, until: datetime, batch: int
    ) -> Iterator[tuple[Sequence[Unit], Sequence[Parked]]]:
        """Yield units that came into being in [since, until), by time and key."""
        ...

    def outcomes(
        self, *, since: datetime | None, until: datetime, batch: int
    ) -> Iterator[tuple[Sequence[Outcome], Sequence[Parked]]]:
        """Yield outcomes that happened in [since, until), by time and key."""
        ...

    def census(self) -> tuple[Census, Census]:
        """Count all units and all outcomes that it holds, and those that cannot be read."""
        ...

    def recorded_from(self) -> datetime | None:
        """Return when the first outcome it holds happened; None where it holds none."""
        ...

    def complete_until(self) -> datetime | None:
        """Return the instant up to which every outcome is known to have arrived."""
        ...


class Predictor(Protocol):
    """What the AI suggests. Rules, a tabular model, retrieval, a language model."""

    @property
    def name(self) -> str:
        """The approach, as the spec's `candidates` name it."""
        ...

    @property
    def version(self) -> str:
        """Sha256 over what the predictor was built from."""
        ...

    def propose(self, units: Sequence[Unit]) -> Sequence[Proposal]:
        """Return one proposal a unit, in the order given."""
        ...


class Channel(Protocol):
    """One of the user's own tools. A key delivered twice shows once."""

    @property
    def reaches_people(self) -> bool:
        """Whether a write may set off a mail or a call; then a replay never writes to it."""
        ...

    def deliver(self, deliveries: Sequence[Delivery]) -> Sequence[Receipt]:
        """Write, and return one receipt a delivery, in the order given."""
        ...


class Ledger(Protocol):
    """The log of all that happened, inside the transaction of the business rows."""

    def append(self, entries: Sequence[Entry]) -> range:
        """Append in order; return their sequence numbers."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A use case with its parts plugged in.

    Args:
        spec_text: what its author set, as canonical JSON.
        spec_hash: sha256 of that.
        zone: the programme's business calendar.
        channels: the user's tools, by the name the spec gives them.
        signatories: who may sign, by name.
    """

    spec: UseCase
    spec_text: str
    spec_hash: str
    mode: Mode
    zone: tzinfo
    source: Source
    channels: Mapping[str, Channel]
    signatories: Mapping[str, Signatory]
