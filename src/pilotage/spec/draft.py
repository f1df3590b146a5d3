"""Drafts for `pilotage init`: what the tables show is filled in, what only a person knows is not.

An open choice is written `DECIDE`, and its comment says of what; `check` refuses it by name.
The value of an outcome is never guessed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from pilotage.domain.decision import Mode
from pilotage.spec.profile import ColumnType, TableProfile
from pilotage.spec.scalars import UNDECIDED

MOST_SEGMENTS = 20
"""A column with more values than this is no grouping that people read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the rows of the two tables show, beyond their columns; empty where they do not tell.

    Args:
        volume_per_month: units.
        base_rate: share of units with an outcome; None where the tables do not join.
        key: column of the units that the outcomes refer to.
        held_in: column of the outcomes that holds it.
        at: when a unit came into being.
        happened_at: when the outcome happened.
        where: what a row must hold to be an outcome, where one table has both.
        states: columns that may say so, with their values, most frequent first.
        knowable: columns that a decision may read.
        start: of a replay: history before it, months to judge after it.
    """

    volume_per_month: float
    base_rate: float | None = None
    key: str | None = None
    held_in: str | None = None
    at: str | None = None
    happened_at: str | None = None
    where: Mapping[str, str] = field(default_factory=dict[str, str])
    states: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    knowable: tuple[str, ...] = ()
    start: date | None = None


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
    *,
    name: str,
    sources: Mapping[str, str],
    timezone: str = "UTC",
    currency: str = "USD",
    mode: Mode = Mode.SHADOW,
) -> str:
    """Return the text of `pilotage.yaml`.

    Args:
        name: in kebab-case.
        sources: table name to path or URL.
        mode: replay where there is history to start with.
    """
    tables = "".join(f"  {quoted(table)}: {quoted(path)}\n" for table, path in sources.items())
    return f"""\
# The programme: where its data, tools and people are. `pilotage check` reads it.
programme: {quoted(name)}
timezone: {quoted(timezone)}          # whose months are your business calendar
currency: {quoted(currency)}
{f"mode: {mode}":<22} # {_MODES[mode]}
sources:               # table: file or URL; ${{data}} is the folder given by --data
{tables}tools:                 # where people see the result; add yours
  crm: {{kind: csv, folder: outbox}}
people: {{}}             # name: {{roles: [finance]}}
use_cases: [use_cases/*.yaml]
"""


_MODES: Mapping[Mode, str] = {
    Mode.REPLAY: "history, decided as if today were then; next: shadow, then live",
    Mode.SHADOW: "decides, delivers nothing; then: live",
    Mode.LIVE: "decides and delivers",
}


def draft_use_case(
    *,
    name: str,
    units: TableProfile,
    outcomes: TableProfile,
    found: Found,
) -> str:
    """Return the text of a use case, guessed from its two tables.

    Args:
        name: in kebab-case.
        found: what the rows show.
    """
    unit = unit_name(units.name, key=found.key)
    happened = next(iter(found.where.values()), _singular(outcomes.name))
    return "\n".join(
        [
            "# A draft from your tables. Replace each DECIDE, then: pilotage check",
            f"use_case: {quoted(name)}",
            f"owner: {UNDECIDED}  # the role that answers for the verdict, such as vp-sales",
            "process:",
            f"  unit: {quoted(unit)}",
            f"  volume_per_month: {found.volume_per_month:.6g}  # measured in {quoted(units.name)}",
            f"  shared_capacity: {UNDECIDED}  # true if units wait for the same people; else false",
            "outcome:",
            f"  metric: {quoted(_metric(happened))}",
            *_kind_lines(outcomes),
            "  window: 30 days  # from assignment, in both arms",
            _minimum_effect_line(found.base_rate),
            "  value:  # of one more outcome; ask finance",
            f"    amount: {UNDECIDED}  # such as 1500",
            f"    currency: {UNDECIDED}  # such as USD",
            f"    basis: {UNDECIDED}  # gross_margin, cost_out or cost_avoided",
            "data:",
            *_units_lines(units, outcomes, found),
            *_outcomes_lines(units, outcomes, found),
            *_decide_lines(unit, found),
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


def _units_lines(units: TableProfile, outcomes: TableProfile, found: Found) -> list[str]:
    key = _settled(found.key) or _key(units, outcomes)
    groups = [c.name for c in units.of_type(ColumnType.TEXT) if 1 < c.distinct <= MOST_SEGMENTS]
    lines = [
        "  units:",
        f"    table: {quoted(units.name)}",
        key.line("key", "tells each row from every other"),
        (_settled(found.at) or _time(units)).line("at", "when the unit came into being"),
    ]
    groups = [name for name in groups if name not in found.states]
    if groups:
        listed = ", ".join(quoted(name) for name in groups)
        lines.append(f"    # segment: results are shown by it; it could be {listed}")
    return lines


def _outcomes_lines(units: TableProfile, outcomes: TableProfile, found: Found) -> list[str]:
    held_in = _settled(found.held_in) or _join_key(units, outcomes)
    at = _settled(found.happened_at) or _time(outcomes)
    latest = max((c.latest for c in outcomes.columns if c.latest is not None), default=None)
    until = f"the last stamp is {latest:%Y-%m-%d}; " if latest else ""
    return [
        "  outcomes:",
        f"    table: {quoted(outcomes.name)}",
        held_in.line("key", "holds the unit's key"),
        at.line("at", "when it happened"),
        *_where_lines(found),
        f"    complete_until: {UNDECIDED}  # {until}up to which day have all outcomes arrived?",
    ]


def _where_lines(found: Found) -> list[str]:
    if not found.states:
        return []
    seen = "; ".join(
        f"{quoted(column)} is " + ", ".join(map(quoted, values))
        for column, values in found.states.items()
    )
    if not found.where:
        return [f"    where: {UNDECIDED}  # which rows are an outcome, {{column: value}}: {seen}"]
    said = ", ".join(f"{quoted(name)}: {quoted(value)}" for name, value in found.where.items())
    return [f"    where: {{{said}}}  # the rows that are an outcome; {seen}"]


def _decide_lines(unit: str, found: Found) -> list[str]:
    knowable = ", ".join(quoted(name) for name in found.knowable)
    shown = "{ai_priority: rank, ai_reason: reason}"
    lines = [
        "decide:",
        "  candidates: [rules, tabular]  # the cheaper one, unless the other is clearly better",
        f"  columns: [{knowable}]  # take out what is filled in only later",
        "deliver:",
        f"  - {{tool: crm, object: {quoted(_file_name(unit))}, fields: {shown}}}",
        "experiment:",
        "  holdout: 0.2  # share without the AI, to compare with",
    ]
    if not knowable:
        del lines[:3]
    if found.start is not None:
        replay = "of the replay: history before it, months to judge after it; then take it out"
        lines.append(f"  start: {found.start}  # {replay}")
    return lines


def _settled(column: str | None) -> _Choice | None:
    return _Choice(column=column, candidates=()) if column is not None else None


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


def unit_name(table: str, *, key: str | None = None) -> str:
    """Name one row of the units' table: by the table, else by its key.

    >>> unit_name("leads"), unit_name("pipeline", key="opportunity_id")
    ('lead', 'opportunity')
    """
    by_table = _singular(table)
    by_key = re.sub(r"[ _-]*(id|key|no|number)$", "", key or "", flags=re.IGNORECASE)
    return by_table if by_table != table or not by_key else by_key


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


def _file_name(unit: str) -> str:
    """Return a unit's name as an object's: a CSV tool names a file after it."""
    return re.sub(r"[/\\]", "-", unit).lstrip(".") or "unit"


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
