"""What the simulated people find in their own tool."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """One field that was written to one record of the tool; the sandbox never sees an arm.

    Args:
        record: the tool's key: the lead_id or renewal_id.
        value: what stands in the field; a number orders the work (lowest first) where people
            are short of time.
        at: when it was written, UTC; None for when the company is first told of it.
    """

    record: str
    field: str
    value: str
    at: datetime | None = None
