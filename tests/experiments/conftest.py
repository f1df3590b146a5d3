"""What tests of the experiments may ask for."""

from collections.abc import Callable

import pytest


@pytest.fixture
def show() -> Callable[[str], None]:
    """Print what a simulation measured; `pytest -rP` shows it."""
    return print
