"""Public data that nobody here wrote; it stays outside the tree."""

import os
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("PILOTAGE_DATA", Path(__file__).parents[2] / "shared" / "data"))


def real_data(name: str) -> Path:
    """Return a file or folder of it, or skip the test with the reason."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"{name} is not here: set PILOTAGE_DATA to the folder of public data")
    return path
