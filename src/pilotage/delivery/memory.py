"""An in-memory channel: what tests and examples deliver to."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pilotage.domain.decision import Delivery, DeliveryState, Receipt


@dataclass(slots=True, kw_only=True)
class MemoryChannel:
    """Keeps deliveries by key, as a well-behaved tool does.

    Args:
        reaches_people: as `ports.Channel`.
        shown: what the tool holds, by delivery key.
        writes: every call, with repeats, to see that a key came once.
    """

    reaches_people: bool = False
    shown: dict[str, Delivery] = field(default_factory=dict[str, Delivery])
    writes: list[Delivery] = field(default_factory=list[Delivery])

    def deliver(self, deliveries: Sequence[Delivery]) -> Sequence[Receipt]:
        """Keep the deliveries; a key delivered twice shows once."""
        self.writes.extend(deliveries)
        self.shown.update({item.key: item for item in deliveries})
        return [Receipt(key=item.key, state=DeliveryState.DELIVERED) for item in deliveries]
