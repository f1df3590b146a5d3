"""Assignment: which clusters get the treatment, the same in Python and in every SQL engine.

A cluster is what the arm is drawn for: the unit itself, or its rep, team or week.
"""

import math
import unicodedata
from collections.abc import Mapping, Sequence
from hashlib import sha256

from pilotage.domain.decision import Arm
from pilotage.domain.errors import SourceError, SpecError

FEW_CLUSTERS = 100
"""Below this the arms are counted out: independent draws could leave an arm nearly empty."""

HEX_DIGITS = 13
"""Of the threshold: 52 bits, as many as a float holds exactly."""


def holdout_threshold(holdout: float) -> str:
    """Return the text below which a hash means holdout; SQL compares it as plain bytes.

    PostgreSQL compares in COLLATE "C".

    Args:
        holdout: share of clusters held out, 0 < share < 1.

    Raises:
        SpecError: for a share that leaves an arm empty.

    >>> holdout_threshold(0.2)
    '3333333333333'
    """
    if not 0 < holdout < 1:
        raise SpecError(
            f"the holdout is {holdout}; it is a share between 0 and 1, both excluded.",
            fix="write `holdout: 0.2` for 20 %",
        )
    return f"{int(holdout * 16**HEX_DIGITS):0{HEX_DIGITS}x}"


def hashes(clusters: Sequence[str], *, salt: str) -> list[str]:
    """Return the hash of each cluster: sha256 of salt, a bar and the NFC text, in hexadecimal.

    Args:
        salt: the use case's name; without a bar, which would make two salts look alike.

    Raises:
        SpecError: for a salt that is empty or holds a bar.
        SourceError: for a cluster whose text cannot be written as UTF-8.

    >>> hashes(["lead-1"], salt="inbound")[0][:13]
    '6a9e5062b37c0'
    """
    if not salt or "|" in salt:
        raise SpecError(
            f"the salt is {salt!r}; it must not be empty, nor hold a bar (|).",
            fix="name the use case with letters, digits and dashes",
        )
    prefix = f"{salt}|".encode()
    try:
        return [sha256(prefix + _nfc(cluster).encode()).hexdigest() for cluster in clusters]
    except UnicodeEncodeError as error:
        raise SourceError(
            f"the key {error.object!r} is not valid text.",
            fix="mend the encoding of the key column at its source",
        ) from error


def arms(clusters: Sequence[str], *, salt: str, holdout: float) -> list[Arm]:
    """Draw an arm for each cluster, independently of all others; the same answer for ever.

    Args:
        clusters: keys of any number, in any order.
        salt: the use case's name.
        holdout: share held out, 0 < share < 1.

    >>> [str(arm) for arm in arms(["lead-1", "lead-2", "lead-7"], salt="inbound", holdout=0.4)]
    ['treatment', 'holdout', 'holdout']
    """
    threshold = holdout_threshold(holdout)
    held, treated = Arm.HOLDOUT, Arm.TREATMENT
    return [held if h < threshold else treated for h in hashes(clusters, salt=salt)]


def counted_arms(strata: Mapping[str, str], *, salt: str, holdout: float) -> dict[str, Arm]:
    """Count out the arms of few clusters: the first of each stratum by hash are the holdout.

    Each stratum holds out its rounded share; how many is a function of the stratum sizes
    alone, so that randomisation inference enumerates what could have happened. Where that
    would leave an arm empty over all, the largest stratum gives one.

    Args:
        strata: the stratum of each cluster.
        salt: the use case's name.
        holdout: share held out, 0 < share < 1.

    Raises:
        SourceError: when two clusters are the same text in NFC.

    >>> drawn = counted_arms({"ann": "EU", "bob": "EU", "eve": "US"}, salt="x", holdout=0.5)
    >>> sorted(str(arm) for arm in drawn.values())
    ['holdout', 'holdout', 'treatment']
    """
    clusters = list(strata)
    ranked = sorted(zip(hashes(clusters, salt=salt), clusters, strict=True))
    if len({text for text, _ in ranked}) < len(ranked):
        raise SourceError(
            "two cluster keys are the same text in NFC; each would get its own arm.",
            fix="normalise the cluster column to NFC",
        )
    members: dict[str, list[str]] = {}
    for _, cluster in ranked:
        members.setdefault(strata[cluster], []).append(cluster)
    counts = _held_out({name: len(group) for name, group in members.items()}, holdout=holdout)
    held = {cluster for name, group in members.items() for cluster in group[: counts[name]]}
    return {name: Arm.HOLDOUT if name in held else Arm.TREATMENT for name in clusters}


def _held_out(sizes: Mapping[str, int], *, holdout: float) -> dict[str, int]:
    holdout_threshold(holdout)
    counts = {name: math.floor(holdout * size + 0.5) for name, size in sizes.items()}
    total, held = sum(sizes.values()), sum(counts.values())
    if total > 1 and held in {0, total}:
        largest = max(sizes, key=lambda name: (sizes[name], name))
        counts[largest] += 1 if held == 0 else -1
    return counts


def _nfc(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)
