"""Invented people and companies. Mail domains end in `.example`, which nobody can own."""

import unicodedata

import numpy as np

from pilotage.sandbox.arrivals import Integers

FIRST = (
    "Amara", "André", "Anna", "Ben", "Björn", "Carla", "Chloé", "Daniel", "Elena", "Fatima",
    "François", "Grace", "Hannah", "Ivan", "Jürgen", "José", "Kofi", "Laura", "Luca", "Mei",
    "Nadia", "Noah", "Olga", "Pedro", "Priya", "Ravi", "Sofía", "Tomás", "Yuki", "Zoë",
)  # fmt: skip
LAST = (
    "Adeyemi", "Bauer", "Costa", "Dubois", "Eriksen", "Fischer", "García", "Haddad", "Ito",
    "Jensen", "Kowalski", "Lefèvre", "Müller", "Nguyen", "Novák", "O'Brien", "Patel", "Quist",
    "Rossi", "Schäfer", "Silva", "Tanaka", "Ueda", "Varga", "Weber", "Yücel", "Zhang",
)  # fmt: skip
PLACES = (
    "Alder", "Bristow", "Calder", "Delmar", "Elm", "Fjord", "Grünwald", "Harrow", "Isar",
    "Juniper", "Kestrel", "Lumen", "Møller", "Northgate", "Orion", "Pálma", "Quarry", "Rhône",
    "Séverin", "Tindall", "Umbra", "Vésper", "Wexford", "Yarrow", "Zürn",
)  # fmt: skip
TRADES = (
    "Analytics", "Bakery", "Clinics", "Components", "Dental", "Energy", "Foods", "Freight",
    "Insurance", "Labs", "Logistics", "Media", "Optics", "Packaging", "Robotics", "Schools",
    "Software", "Steel", "Textiles", "Travel",
)  # fmt: skip
FORMS = ("GmbH", "Inc", "Ltd", "SA", "BV", "AB", "LLC", "SpA")


def picks(rng: np.random.Generator, n: int, size: int) -> list[int]:
    """Draw n places in a tuple of a size, all alike."""
    drawn: Integers = rng.integers(0, size, size=n)
    return drawn.tolist()


def companies(rng: np.random.Generator, n: int) -> list[str]:
    """Draw n company names, composed (NFC)."""
    drawn = zip(
        picks(rng, n, len(PLACES)), picks(rng, n, len(TRADES)), picks(rng, n, len(FORMS)),
        strict=True,
    )  # fmt: skip
    return [f"{PLACES[place]} {TRADES[trade]} {FORMS[form]}" for place, trade, form in drawn]


def addresses(rng: np.random.Generator, company_names: list[str]) -> list[str]:
    """Draw one person's work address at each company."""
    n = len(company_names)
    people = zip(picks(rng, n, len(FIRST)), picks(rng, n, len(LAST)), strict=True)
    return [
        f"{_FIRST[first]}.{_LAST[last]}@{_domain(company)}"
        for (first, last), company in zip(people, company_names, strict=True)
    ]


def decomposed(name: str) -> str:
    """Write accents as characters of their own (NFD), as one operating system does.

    >>> len("Zürn"), len(decomposed("Zürn"))
    (4, 5)
    """
    return unicodedata.normalize("NFD", name)


def _plain(name: str) -> str:
    bare = unicodedata.normalize("NFD", name.replace("ø", "o"))
    return bare.encode("ascii", "ignore").decode().replace("'", "").lower()


_FIRST = tuple(_plain(name) for name in FIRST)
_LAST = tuple(_plain(name) for name in LAST)
_HOSTS = {name: _plain(name) for name in PLACES + TRADES}


def _domain(company: str) -> str:
    place, trade, _ = company.split(" ")
    return f"{_HOSTS[place]}-{_HOSTS[trade]}.example"
