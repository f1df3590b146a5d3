"""What can go wrong, as one tree.

PilotageError          every error we raise: what, where, which value, and `fix`
|- SpecError           the customer's YAML
|- SourceError         the customer's tables
|- RefusedError        a control forbids the step
|- StoreError          our own record: database, disk, lock
|- LedgerError         the log does not add up
`- DeliveryError       the user's tool
"""


class PilotageError(Exception):
    """An error with a next step.

    Args:
        message: what is wrong, where, and which value.
        fix: the next command to type or key to write.

    >>> print(PilotageError("inbound.yaml: `experiment.holdout` is 1.2; it is a share.",
    ...                     fix="write 0.2 for 20 %"))
    inbound.yaml: `experiment.holdout` is 1.2; it is a share.
      fix: write 0.2 for 20 %
    """

    exit_code = 1

    def __init__(self, message: str, *, fix: str) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message}\n  fix: {self.fix}"


class SpecError(PilotageError):
    """A declaration that cannot be right."""


class SourceError(PilotageError):
    """A table that cannot be read, or whose shape cannot be right."""


class RefusedError(PilotageError):
    """A step that a control forbids."""


class StoreError(PilotageError):
    """The record cannot be read or written."""


class LedgerError(PilotageError):
    """The ledger does not add up."""


class DeliveryError(PilotageError):
    """A tool that does not take what is delivered."""
