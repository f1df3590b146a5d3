"""The Merkle tree against RFC 6962: its definitions, written anew, and its published vectors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.domain.errors import LedgerError
from pilotage.governance.tree import (
    EMPTY_ROOT,
    Frontier,
    Tree,
    leaf_hash,
    leaf_hashes,
    node_hash,
    verify_consistency,
    verify_inclusion,
)

LARGEST = 40

# The test vectors of Certificate Transparency (certificate-transparency repository,
# merkletree/merkle_tree_test.cc): eight leaves, and the root after each.
CT_LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
CT_PATH_OF_0_IN_8 = [
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
]


def leaves(n: int) -> list[bytes]:
    return leaf_hashes(b"entry %d" % place for place in range(n))


def cut(n: int) -> int:
    """RFC 6962, 2.1: the largest power of two smaller than n."""
    power = 1
    while power * 2 < n:
        power *= 2
    return power


def rfc_root(hashes: list[bytes]) -> bytes:
    """RFC 6962, 2.1: MTH."""
    if not hashes:
        return EMPTY_ROOT
    if len(hashes) == 1:
        return hashes[0]
    k = cut(len(hashes))
    return node_hash(rfc_root(hashes[:k]), rfc_root(hashes[k:]))


def rfc_path(index: int, hashes: list[bytes]) -> list[bytes]:
    """RFC 6962, 2.1.1: PATH."""
    if len(hashes) == 1:
        return []
    k = cut(len(hashes))
    if index < k:
        return [*rfc_path(index, hashes[:k]), rfc_root(hashes[k:])]
    return [*rfc_path(index - k, hashes[k:]), rfc_root(hashes[:k])]


def rfc_subproof(old: int, hashes: list[bytes], *, is_known: bool) -> list[bytes]:
    """RFC 6962, 2.1.2: SUBPROOF."""
    if old == len(hashes):
        return [] if is_known else [rfc_root(hashes)]
    k = cut(len(hashes))
    if old <= k:
        return [*rfc_subproof(old, hashes[:k], is_known=is_known), rfc_root(hashes[k:])]
    return [*rfc_subproof(old - k, hashes[k:], is_known=False), rfc_root(hashes[:k])]


def flipped(data: bytes, bit: int) -> bytes:
    bit %= len(data) * 8
    return (int.from_bytes(data) ^ 1 << bit).to_bytes(len(data))


def test_the_roots_are_those_of_certificate_transparency():
    hashes = leaf_hashes(CT_LEAVES)
    for n, root in enumerate(CT_ROOTS, 1):
        assert Frontier().extend(hashes[:n]).root().hex() == root
        assert Tree.of(hashes).root(n).hex() == root
        assert rfc_root(hashes[:n]).hex() == root


def test_an_inclusion_proof_is_that_of_certificate_transparency():
    proof = Tree.of(leaf_hashes(CT_LEAVES)).inclusion_proof(0)
    assert [node.hex() for node in proof] == CT_PATH_OF_0_IN_8


def test_an_empty_log_has_the_hash_of_nothing_as_its_root():
    assert Frontier().root() == Tree.of([]).root() == EMPTY_ROOT
    assert EMPTY_ROOT.hex().startswith("e3b0c44298fc1c14")


def test_an_entry_cannot_pose_as_a_node():
    left, right = leaves(2)
    assert leaf_hash(left + right) != node_hash(left, right)


@given(st.lists(st.integers(0, 70), max_size=8))
def test_a_frontier_does_not_depend_on_how_the_log_was_cut_into_batches(batches: list[int]):
    hashes = leaves(sum(batches))
    frontier, done = Frontier(), 0
    for n in batches:
        frontier = frontier.extend(hashes[done : done + n])
        done += n
    assert frontier == Frontier().extend(hashes)
    assert frontier.root() == rfc_root(hashes) == Tree.of(hashes).root()


@given(st.integers(0, 300))
def test_a_frontier_survives_storage(size: int):
    frontier = Frontier().extend(leaves(size))
    assert Frontier.from_bytes(frontier.to_bytes(), size=size) == frontier


@pytest.mark.parametrize(("size", "n_bytes"), [(3, 32), (2, 64), (1, 31), (-1, 0), (1, 0)])
def test_a_frontier_that_no_tree_has_is_refused(size: int, n_bytes: int):
    with pytest.raises(LedgerError, match="frontier"):
        Frontier.from_bytes(bytes(n_bytes), size=size)


def test_every_inclusion_proof_is_the_one_of_the_rfc_and_verifies():
    hashes = leaves(LARGEST)
    tree = Tree.of(hashes)
    for size in range(1, LARGEST + 1):
        root = tree.root(size)
        for index in range(size):
            proof = tree.inclusion_proof(index, size=size)
            assert list(proof) == rfc_path(index, hashes[:size])
            assert verify_inclusion(proof, leaf=hashes[index], index=index, size=size, root=root)


def test_every_consistency_proof_is_the_one_of_the_rfc_and_verifies():
    hashes = leaves(LARGEST)
    tree = Tree.of(hashes)
    for size in range(LARGEST + 1):
        for old in range(size + 1):
            proof = tree.consistency_proof(old, size=size)
            if old:
                assert list(proof) == rfc_subproof(old, hashes[:size], is_known=True)
            assert verify_consistency(
                proof,
                old_size=old,
                old_root=tree.root(old),
                size=size,
                root=tree.root(size),
            )


def test_an_inclusion_proof_fits_no_other_place_and_no_other_size():
    tree = Tree.of(leaves(LARGEST))
    for size in range(1, LARGEST + 1):
        for index in range(size):
            proof = tree.inclusion_proof(index, size=size)
            leaf, root = leaves(LARGEST)[index], tree.root(size)
            places = [
                other
                for other in range(-1, size + 1)
                if verify_inclusion(proof, leaf=leaf, index=other, size=size, root=root)
            ]
            assert places == [index]


@given(st.data())
def test_a_tampered_inclusion_proof_fails(data: st.DataObject):
    size = data.draw(st.integers(1, LARGEST))
    index = data.draw(st.integers(0, size - 1))
    bit = data.draw(st.integers(0, 32 * 8 - 1))
    hashes = leaves(size)
    tree = Tree.of(hashes)
    leaf, root, proof = hashes[index], tree.root(), tree.inclusion_proof(index)
    for place, node in enumerate(proof):
        bad = (*proof[:place], flipped(node, bit), *proof[place + 1 :])
        assert not verify_inclusion(bad, leaf=leaf, index=index, size=size, root=root)
        short = (*proof[:place], *proof[place + 1 :])
        assert not verify_inclusion(short, leaf=leaf, index=index, size=size, root=root)
    long = (*proof, root)
    assert not verify_inclusion(long, leaf=leaf, index=index, size=size, root=root)
    other = flipped(leaf, bit)
    assert not verify_inclusion(proof, leaf=other, index=index, size=size, root=root)
    other = flipped(root, bit)
    assert not verify_inclusion(proof, leaf=leaf, index=index, size=size, root=other)


@given(st.data())
def test_a_tampered_consistency_proof_fails(data: st.DataObject):
    size = data.draw(st.integers(2, LARGEST))
    old_size = data.draw(st.integers(1, size - 1))
    bit = data.draw(st.integers(0, 32 * 8 - 1))
    tree = Tree.of(leaves(size))
    old, new = tree.root(old_size), tree.root()
    proof = tree.consistency_proof(old_size)

    def holds(path: tuple[bytes, ...], *, old_root: bytes = old, root: bytes = new) -> bool:
        return verify_consistency(path, old_size=old_size, old_root=old_root, size=size, root=root)

    assert holds(proof)
    for place, node in enumerate(proof):
        assert not holds((*proof[:place], flipped(node, bit), *proof[place + 1 :]))
        assert not holds((*proof[:place], *proof[place + 1 :]))
    assert not holds((*proof, new))
    assert not holds(())
    assert not holds(proof, old_root=flipped(old, bit))
    assert not holds(proof, root=flipped(new, bit))


def test_a_rewritten_log_is_not_consistent_with_the_old_root():
    tree = Tree.of(leaves(20))
    rewritten = Tree.of([leaf_hash(b"something else"), *leaves(20)[1:]])
    assert not verify_consistency(
        rewritten.consistency_proof(12),
        old_size=12,
        old_root=tree.root(12),
        size=20,
        root=rewritten.root(),
    )


@pytest.mark.parametrize(("old_size", "size"), [(-1, 3), (4, 3), (0, -1)])
def test_a_log_that_shrank_is_never_consistent(old_size: int, size: int):
    assert not verify_consistency(
        (), old_size=old_size, old_root=EMPTY_ROOT, size=size, root=EMPTY_ROOT
    )


def test_a_log_is_consistent_with_itself_and_with_nothing():
    root = Tree.of(leaves(3)).root()
    assert verify_consistency((), old_size=3, old_root=root, size=3, root=root)
    assert not verify_consistency((root,), old_size=3, old_root=root, size=3, root=root)
    assert verify_consistency((), old_size=0, old_root=EMPTY_ROOT, size=3, root=root)
    assert not verify_consistency((), old_size=0, old_root=root, size=3, root=root)
    assert verify_consistency((), old_size=0, old_root=EMPTY_ROOT, size=0, root=EMPTY_ROOT)
    assert not verify_consistency((), old_size=0, old_root=EMPTY_ROOT, size=0, root=root)


def test_what_the_log_does_not_hold_is_refused_with_a_fix():
    tree = Tree.of(leaves(3))
    with pytest.raises(LedgerError, match="no entry 3") as refused:
        tree.inclusion_proof(3)
    assert refused.value.fix == "ask for an entry from 0 to 2"
    with pytest.raises(LedgerError, match="no entry 0"):
        tree.inclusion_proof(0, size=0)
    with pytest.raises(LedgerError, match="holds 3 entries, not 4"):
        tree.root(4)
    with pytest.raises(LedgerError, match="cannot continue one of 3"):
        tree.consistency_proof(3, size=2)
