"""A census of a table: how many of its rows cannot be read as they are, by reason."""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The rows of a table that a run would park for one reason.

    Args:
        example: what is wrong with one of them, with its value.
        key: of that one; empty where it has none.
    """

    reason: str
    n: int
    example: str
    key: str

    def __str__(self) -> str:
        """Return what is wrong with one of them, and which."""
        return f"For example {self.key or 'a row without a key'}: {self.example}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """All rows of a table, whatever their time; doubled keys are not looked for.

    Args:
        refusals: by reason, the most frequent first.
    """

    table: str
    rows: int
    refusals: tuple[Refusal, ...]

    @property
    def unsound(self) -> int:
        """How many rows are refused for any reason."""
        return sum(refusal.n for refusal in self.refusals)

    def refused(self, reasons: Collection[str]) -> int:
        """Return how many rows are refused for one of these reasons."""
        return sum(refusal.n for refusal in self.refusals if refusal.reason in reasons)
