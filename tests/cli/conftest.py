"""A company to type commands at, made once a worker and copied for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.acme import LEADS, NOW, Acme, found

ROLES = ("legal", "compliance", "security", "procurement", "reviewer")


@pytest.fixture(scope="session")
def founded_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Acme]:
    acme = found(tmp_path_factory.mktemp("founded"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PILOTAGE_KEYS", str(acme.keys))
        roles = [word for role in ROLES for word in ("--role", role)]
        acme.does("governance", "person", "ana", *roles, "--write")
        acme.does("governance", "person", "fin", "--role", "finance", "--write")
        yield acme


@pytest.fixture(scope="session")
def live_once(founded_once: Acme, tmp_path_factory: pytest.TempPathFactory) -> Acme:
    acme = founded_once.copy(tmp_path_factory.mktemp("live"))
    signs = ("--evidence", acme.evidence)
    acme.does("governance", "sign", LEADS, "all", *signs, "--person", "ana", on="2026-09-01")
    acme.does("governance", "approve", LEADS, *signs, "--person", "fin", on="2026-09-01")
    acme.does("run", "--as-of", NOW)
    return acme


@pytest.fixture
def founded(founded_once: Acme, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Acme:
    """Ana and Fin have keys; nothing is signed, nothing has run."""
    acme = founded_once.copy(tmp_path)
    monkeypatch.setenv("PILOTAGE_KEYS", str(acme.keys))
    return acme


@pytest.fixture
def live(live_once: Acme, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Acme:
    """All is signed, one pass has run, and proposals wait for a person."""
    acme = live_once.copy(tmp_path)
    monkeypatch.setenv("PILOTAGE_KEYS", str(acme.keys))
    return acme
