"""Programs that are not ours agree: Go's transparency log on the whole bundle, openssl on the key.

Go ships the packages that verify its own module log inside its source tree (`cmd/vendor`), so
nothing is downloaded and nothing of it is committed.
"""

import base64
import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from pilotage.governance.tree import Tree, leaf_hashes
from tests.governance.exports import KEY, Export, bodies, body, note

PROGRAM = Path(__file__).parent / "verify_log" / "main.go"
VENDORED = ("golang.org/x/mod/sumdb/note", "golang.org/x/mod/sumdb/tlog")
NEEDED_BY_OLDER_GO = "golang.org/x/crypto/ed25519"
ED25519_DER = bytes.fromhex("302a300506032b6570032100")
"""What stands before the 32 bytes of an Ed25519 public key in DER (RFC 8410)."""

N = 9
BODIES = bodies(N)
EXPORT = Export.of(BODIES)

pytestmark = pytest.mark.xdist_group("independent")  # the Go program is built once


def ran(
    *command: str | Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - the command lines are written in this file
        [str(word) for word in command],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, **(env or {})},
    )


def found(program: str, package: str) -> str:
    path = shutil.which(program)
    if path is None:
        reason = f"{program} is missing: apt-get install {package}"
        if os.environ.get("PILOTAGE_REQUIRE_PG") == "1":  # set where every program must be there
            pytest.fail(reason)
        pytest.skip(reason)
    return path


@pytest.fixture(scope="module")
def verify_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Go program, built from the packages that Go carries along."""
    go = found("go", "golang-go")
    vendor = Path(ran(go, "env", "GOROOT").stdout.strip()) / "src" / "cmd" / "vendor"
    workspace = tmp_path_factory.mktemp("go")
    source = workspace / "src"
    for package in VENDORED:
        shutil.copytree(vendor / package, source / package)
    if (vendor / NEEDED_BY_OLDER_GO).exists():
        shutil.copytree(vendor / NEEDED_BY_OLDER_GO, source / NEEDED_BY_OLDER_GO)
    program = workspace / "verify_log"
    built = ran(
        go,
        "build",
        "-o",
        program,
        PROGRAM,
        env={
            "GO111MODULE": "off",
            "GOPATH": str(workspace),
            "GOCACHE": str(workspace / "cache"),
            "GOFLAGS": "",
            "GOPROXY": "off",
        },
    )
    assert built.returncode == 0, built.stderr
    return program


class Checked:
    """What Go says of an export."""

    def __init__(self, program: Path, folder: Path) -> None:
        self.program = program
        self.folder = folder

    def log(self, export: Export, *, older: bytes | None = None) -> str:
        """Its words; empty when it refuses."""
        checkpoint, entries = self.folder / "checkpoint", self.folder / "entries.jsonl"
        checkpoint.write_bytes(export.checkpoint)
        entries.write_bytes(export.entries)
        command = [self.program, "log", export.key.decode().strip(), checkpoint, entries]
        if older is not None:
            (self.folder / "older").write_bytes(older)
            command.append(self.folder / "older")
        done = ran(*command)
        assert done.returncode in {0, 1}, done.stderr
        assert bool(done.returncode) == bool(done.stderr)
        return done.stdout

    def proofs(self, claimed: dict[str, list[dict[str, object]]]) -> str:
        """Its words; empty when it refuses."""
        path = self.folder / "proofs.json"
        path.write_text(json.dumps(claimed), encoding="utf-8")
        return ran(self.program, "proofs", path).stdout


@pytest.fixture
def go(verify_log: Path, tmp_path: Path) -> Checked:
    return Checked(verify_log, tmp_path)


def text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


@pytest.mark.parametrize("n", [1, 2, 3, 7, 8, 9, 64, 100, 5_000])
def test_go_reads_the_log_that_we_signed(go: Checked, n: int):
    entries = bodies(n)
    export = Export.of(entries)
    verified = export.verified()
    assert verified.is_intact
    assert go.log(export) == f"acme.example/pilotage {n} {text(verified.root)}\n"
    for size in {1, n // 2 or 1, n}:
        assert go.log(export, older=note(entries[:size]))


def test_go_refuses_what_we_refuse(go: Checked):
    swapped = [*BODIES[:2], BODIES[3], BODIES[2], *BODIES[4:]]
    damaged = [
        EXPORT.with_entries([*BODIES[:3], *BODIES[4:]]),
        EXPORT.with_entries(swapped),
        EXPORT.with_entries([*BODIES[:3], *BODIES[2:]]),
        EXPORT.with_entries(BODIES[:-1]),
        EXPORT.with_entries([*BODIES, body(N)]),
        EXPORT.with_entries([*BODIES[:3], body(3, confidence="0.99"), *BODIES[4:]]),
    ]
    for step, (name, raw) in enumerate(
        (name, getattr(EXPORT, name)) for name in ("entries", "checkpoint", "key")
    ):
        for place in range(step, len(raw) - 1, 29):
            bad = bytearray(raw)
            bad[place] ^= 1
            damaged.append(replace(EXPORT, **{name: bytes(bad)}))
    for export in damaged:
        assert export.faults(), export
        assert go.log(export) == "", export


def test_go_refuses_the_histories_that_we_refuse(go: Checked):
    rewritten = Export.of(bodies(N, confidence="0.99"))
    restored = Export.of(bodies(6))
    for export in (rewritten, restored):
        assert go.log(export)
        assert export.faults(older=note(BODIES))
        assert go.log(export, older=note(BODIES)) == ""


def test_go_accepts_every_proof_that_we_build(go: Checked):
    n = 40
    entries = bodies(n)
    tree = Tree.of(leaf_hashes(entries))
    sizes = range(1, n + 1)
    inclusion: list[dict[str, object]] = [
        {
            "entry": entries[index].decode(),
            "index": index,
            "size": size,
            "root": text(tree.root(size)),
            "proof": [text(node) for node in tree.inclusion_proof(index, size=size)],
        }
        for size in sizes
        for index in range(size)
    ]
    consistency: list[dict[str, object]] = [
        {
            "old_size": old,
            "old_root": text(tree.root(old)),
            "size": size,
            "root": text(tree.root(size)),
            "proof": [text(node) for node in tree.consistency_proof(old, size=size)],
        }
        for size in sizes
        for old in range(1, size + 1)
    ]
    claimed = {"inclusion": inclusion, "consistency": consistency}
    assert go.proofs(claimed) == f"{len(inclusion)} {len(consistency)}\n"
    assert go.proofs({"inclusion": [{**inclusion[-1], "index": 1}], "consistency": []}) == ""
    assert go.proofs({"inclusion": [], "consistency": [{**consistency[-2], "old_size": 1}]}) == ""


def test_openssl_finds_our_signature_good_and_a_changed_text_bad(tmp_path: Path):
    openssl = found("openssl", "openssl")
    der = ED25519_DER + KEY.verifying_key.public
    pem = f"-----BEGIN PUBLIC KEY-----\n{text(der)}\n-----END PUBLIC KEY-----\n"
    signed, _, signatures = EXPORT.checkpoint.decode().partition("\n\n")
    signature = base64.b64decode(signatures.split(" ")[2])[4:]
    (tmp_path / "key.pem").write_text(pem, encoding="utf-8")
    (tmp_path / "signature").write_bytes(signature)

    def verifies(message: str) -> bool:
        (tmp_path / "message").write_text(message, encoding="utf-8")
        done = ran(
            openssl,
            *("pkeyutl", "-verify", "-rawin", "-pubin"),
            *("-inkey", tmp_path / "key.pem"),
            *("-in", tmp_path / "message"),
            *("-sigfile", tmp_path / "signature"),
        )
        return done.returncode == 0

    assert verifies(f"{signed}\n")
    assert not verifies(f"{signed}\n".replace("\n9\n", "\n8\n"))
