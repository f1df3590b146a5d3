"""How many of something, in words."""

import re


def how_many(n: int, noun: str) -> str:
    """Say how many there are.

    >>> how_many(1, "row"), how_many(1200, "row"), how_many(2, "opportunity")
    ('1 row', '1,200 rows', '2 opportunities')
    """
    if n == 1:
        return f"1 {noun}"
    return f"{n:,} " + (noun[:-1] + "ies" if re.search(r"[^aeiou]y$", noun) else noun + "s")
