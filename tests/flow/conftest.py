"""Companies to run."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flow.company import Company


@pytest.fixture
def another(tmp_path: Path) -> Callable[[str], Company]:
    """Found a company in a folder of its own."""

    def found(name: str) -> Company:
        (tmp_path / name).mkdir()
        return Company(folder=tmp_path / name)

    return found


@pytest.fixture
def company(another: Callable[[str], Company]) -> Company:
    return another("acme")
