"""Drafts for `pilotage init`: what the tables show is filled in, what only a person knows is not.

An open choice is written `DECIDE`, and its comment says of what; `check` refuses it by name.
The value of an outcome is never guessed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pilotage.spec.profile import ColumnType, TableProfile
from pilotage.spec.scalars import UNDECIDED

MOST_SEGMENTS = 20
"""A column with more values than this is no grouping that people read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """A column that was chosen, or the candidates to choose from."""

    column: str | None
    candidates: tuple[str, ...]

    def line(self, key: str, what: str) -> str:
        if self.column is not None:
            return f"    {key}: {quoted(self.column)}"
        names = ", ".join(quoted(name) for name in self.candidates) or "no column looks like it"
        return f"    {key}: {UNDECIDED}  # {what}: {names}"


def draft_programme(
    *, name: str, sources: Mapping[str, str], timezone: str = "UTC", currency: str = "USD"
) -> str:
    """Return the text of `pilotage.yaml`.

    Args:
        name: in kebab-case.
        sources: table name to path or URL.
    """
    tables = "".join(f"  {quoted(table)}: {quoted(path)}\n" for table, path in sources.items())
    return f"""\
# The programme: where its data, tools and people are. `pilotage check` reads it.
programme: {quoted(name)}
timezone: {quoted(timezone)}          # whose months are your business calendar
currency: {quoted(currency)}
mode: shadow           # decides, delivers nothing; then: live
sources:               # table: file or URL; ${{data}} is the folder given by --data
{tables}tools:                 # where people see the result; add yours
  crm: {{kind: csv, folder: outbox}}
people: {{}}             # name: {{roles: [finance]}}
use_cases: [use_cases/*.yaml]
"""


def draft_use_case(
    *,
    name: str,
    units: TableProfile,
    outcomes: TableProfile,
    volume_per_month: float,
    base_rate: float | None,
) -> str:
    """Return the text of a use case, guessed from its two tables.

    Args:
        name: in kebab-case.
        volume_per_month: units, measured.
        base_rate: share of units with an outcome, measured; None where the tables do not join.
    """
    unit = _singular(units.name)
    happened = _singular(outcomes.name)
    return "\n".join(
        [
            "# A draft from your tables. Replace each DECIDE, then: pilotage check",
            f"use_case: {quoted(name)}",
            f"owner: {UNDECIDED}  # the role that answers for the verdict, such as vp-sales",
            "process:",
            f"  unit: {quoted(unit)}",
            f"  volume_per_month: {volume_per_month:.6g}  # measured in {quoted(units.name)}",
            f"  shared_capacity: {UNDECIDED}  # true if units wait for the same people; else false",
            "outcome:",
            f"  metric: {quoted(_metric(happened))}",
            *_kind_lines(outcomes),
            "  window: 30 days  # from assignment, in both arms",
            _minimum_effect_line(base_rate),
            "  value:  # of one more outcome; ask finance",
            f"    amount: {UNDECIDED}  # such as 1500",
            f"    currency: {UNDECIDED}  # such as USD",
            f"    basis: {UNDECIDED}  # gross_margin, cost_out or cost_avoided",
            "data:",
            *_units_lines(units, outcomes),
            *_outcomes_lines(units, outcomes),
            "",
        ]
    )


def _kind_lines(outcomes: TableProfile) -> list[str]:
    amounts = [quoted(c.name) for c in outcomes.of_type(ColumnType.NUMBER)]
    hint = f"  # or mean, with data.outcomes.value: {', '.join(amounts)}" if amounts else ""
    return [f"  kind: proportion{hint}"]


def _minimum_effect_line(base_rate: float | None) -> str:
    line = f"  minimum_effect: {UNDECIDED}  # smallest change worth having: {{relative: 0.15}}"
    if base_rate is None:
        return line + " or {absolute: 0.02}"
    return line + f" moves the measured {base_rate:.1%} to {base_rate * 1.15:.1%}"


def _units_lines(units: TableProfile, outcomes: TableProfile) -> list[str]:
    key = _key(units, outcomes)
    groups = [c.name for c in units.of_type(ColumnType.TEXT) if 1 < c.distinct <= MOST_SEGMENTS]
    lines = [
        "  units:",
        f"    table: {quoted(units.name)}",
        key.line("key", "tells each row from every other"),
        _time(units).line("at", "when the unit came into being"),
    ]
    if groups:
        listed = ", ".join(quoted(name) for name in groups)
        lines.append(f"    # segment: results are shown by it; it could be {listed}")
    return lines


def _outcomes_lines(units: TableProfile, outcomes: TableProfile) -> list[str]:
    latest = max((c.latest for c in outcomes.columns if c.latest is not None), default=None)
    until = f"the last stamp is {latest:%Y-%m-%d}; " if latest else ""
    return [
        "  outcomes:",
        f"    table: {quoted(outcomes.name)}",
        _join_key(units, outcomes).line("key", "holds the unit's key"),
        _time(outcomes).line("at", "when it happened"),
        f"    complete_until: {UNDECIDED}  # {until}up to which day have all outcomes arrived?",
    ]


def _key(units: TableProfile, outcomes: TableProfile) -> _Choice:
    """Choose the only key, or the only one that the outcomes know by the same name."""
    names = tuple(c.name for c in units.of_type(ColumnType.TEXT, ColumnType.WHOLE) if c.may_be_key)
    shared = [n for n in names if n in {c.name for c in outcomes.columns}]
    return _chosen(shared if len(shared) == 1 else names, names)


def _join_key(units: TableProfile, outcomes: TableProfile) -> _Choice:
    """Choose the column named like the units' key; never one that merely looks like a key."""
    exact = outcomes.of_type(ColumnType.TEXT, ColumnType.WHOLE)
    key = _key(units, outcomes).column
    same = [c.name for c in exact if c.name == key]
    return _chosen(same, tuple(c.name for c in exact), sure=bool(same))


def _time(table: TableProfile) -> _Choice:
    """Choose the only time column, or the only one that is never empty."""
    times = table.of_type(ColumnType.TIME)
    full = [c.name for c in times if c.null_share == 0]
    names = tuple(c.name for c in times)
    return _chosen(full if len(full) == 1 else names, names)


def _chosen(narrowed: Sequence[str], names: tuple[str, ...], *, sure: bool = True) -> _Choice:
    column = narrowed[0] if sure and len(narrowed) == 1 else None
    return _Choice(column=column, candidates=names)


def _singular(table: str) -> str:
    """Name one row of a table.

    >>> _singular("leads"), _singular("replies"), _singular("business")
    ('lead', 'reply', 'business')
    """
    if table.endswith("ies"):
        return table[:-3] + "y"
    return table[:-1] if table.endswith("s") and not table.endswith("ss") else table


def _metric(happened: str) -> str:
    return re.sub(r"\W+", "_", happened.lower()).strip("_") + "_rate"


_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_ /.-]*[A-Za-z0-9_]|[A-Za-z_]")
_WORDS_OF_YAML = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "decide"})


def quoted(text: str) -> str:
    r"""Write text so that YAML reads the same back, in quotes only where it must.

    >>> print(quoted("lead_id"), quoted("close: date"), quoted("no"), quoted("a\n"))
    lead_id "close: date" "no" "a\n"
    """
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS_OF_YAML:
        return text
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in {'"', "\\"}:
        return "\\" + character
    if character == "\n":
        return "\\n"
    return character if character.isprintable() else f"\\U{ord(character):08x}"
