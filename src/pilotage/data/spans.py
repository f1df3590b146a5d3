"""What a source yields in batches, cut into spans of time that are told in full."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from pilotage.domain.unit import Outcome, Parked


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """All that a source says of the time from `since` up to, but without, `until`.

    Args:
        refused: rows that came along, of any time.
    """

    since: datetime
    until: datetime
    happened: Sequence[Outcome]
    refused: Sequence[Parked] = ()


def spans(
    batches: Iterable[tuple[Sequence[Outcome], Sequence[Parked]]],
    *,
    since: datetime,
    until: datetime,
) -> Iterator[Span]:
    """Cut batches in order of time into spans that follow each other from `since` to `until`.

    What happened at the last instant of a batch waits: the next one may say more of it.
    """
    waiting: list[Outcome] = []
    for happened, refused in batches:
        waiting += happened
        end = waiting[-1].at if waiting else since
        told = bisect_left(waiting, end, key=lambda item: item.at)
        yield Span(since=since, until=end, happened=waiting[:told], refused=refused)
        since, waiting = end, waiting[told:]
    yield Span(since=since, until=until, happened=waiting)
