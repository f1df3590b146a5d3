"""Does a use case fit its programme and its tables? A check returns `Finding | None`."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from pilotage.domain.finding import Finding, Severity
from pilotage.spec.decide import Approach
from pilotage.spec.known_keys import meant
from pilotage.spec.programme import Programme
from pilotage.spec.use_case import UseCase

Columns = Mapping[str, Collection[str]]
"""The columns of each table that could be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    """All that a check may look at."""

    use_case: UseCase
    programme: Programme
    columns: Columns


def check_against(use_case: UseCase, programme: Programme, columns: Columns) -> tuple[Finding, ...]:
    """Return what does not fit; a finding that `blocks` refuses the use case.

    Args:
        columns: by table, as the source names them.
    """
    setting = _Setting(use_case=use_case, programme=programme, columns=columns)
    return tuple(finding for check in CHECKS if (finding := check(setting)) is not None)


def _tables_are_declared(setting: _Setting) -> Finding | None:
    data = setting.use_case.data
    sources = setting.programme.sources
    absent = [t for t in (data.units.table, data.outcomes.table) if t not in sources]
    if not absent:
        return None
    nearest = meant(absent[0], known=tuple(sources))
    return _blocks(
        "table-not-declared",
        f"The programme has no source for {_listed(absent)}.",
        fix=f"write {nearest} in the use case, or add {absent[0]} under sources in pilotage.yaml"
        if nearest
        else f"add {absent[0]}: and its file under sources in pilotage.yaml",
    )


def _tables_could_be_read(setting: _Setting) -> Finding | None:
    data = setting.use_case.data
    tables = dict.fromkeys((data.units.table, data.outcomes.table))
    unread = [t for t in tables if t in setting.programme.sources and t not in setting.columns]
    if not unread:
        return None
    return _blocks(
        "table-not-read",
        f"The columns of {_listed(unread)} are not known.",
        fix=f"check the path or URL of {unread[0]} under sources in pilotage.yaml",
    )


def _unit_is_the_key_of_its_table(setting: _Setting) -> Finding | None:
    unit, units = setting.use_case.process.unit, setting.use_case.data.units
    columns = setting.columns.get(units.table)
    if columns is None or units.key in columns:
        return None
    return _blocks(
        "unit-without-key",
        f"The unit {unit} has no key: `{units.table}` has no column {units.key}.",
        fix=_instead(units.key, columns, key="data.units.key"),
    )


def _unit_columns_exist(setting: _Setting) -> Finding | None:
    use_case = setting.use_case
    units, experiment, decide = use_case.data.units, use_case.experiment, use_case.decide
    named: dict[str, Collection[str]] = {
        "data.units.at": [units.at],
        "data.units.owner": [units.owner] if units.owner else [],
        "data.units.segment": [units.segment] if units.segment else [],
        "experiment.assign_by": [] if use_case.assigns_units else [use_case.assign_column],
        "experiment.strata": experiment.strata,
        "decide.columns": decide.columns or [],
    }
    named |= {f"decide.rules[{n}].when": list(rule.when) for n, rule in enumerate(decide.rules)}
    return _columns_exist(units.table, named, setting.columns)


def _outcome_columns_exist(setting: _Setting) -> Finding | None:
    outcomes = setting.use_case.data.outcomes
    named: dict[str, Collection[str]] = {
        "data.outcomes.key": (outcomes.key,),
        "data.outcomes.at": (outcomes.at,),
    }
    if outcomes.value is not None:
        named["data.outcomes.value"] = (outcomes.value,)
    if outcomes.complete_until is not None and outcomes.complete_until_date is None:
        named["data.outcomes.complete_until"] = (outcomes.complete_until,)
    named["data.outcomes.where"] = outcomes.where or ()
    return _columns_exist(outcomes.table, named, setting.columns)


def _nothing_known_only_afterwards(setting: _Setting) -> Finding | None:
    """A decision that reads the outcome's own columns predicts the past."""
    use_case = setting.use_case
    outcomes, decide = use_case.data.outcomes, use_case.decide
    if use_case.data.units.table != outcomes.table:
        return None
    read = {*(decide.columns or ()), *(column for rule in decide.rules for column in rule.when)}
    told = {outcomes.at, outcomes.value, outcomes.complete_until, *(outcomes.where or ())}
    late = sorted(read & {column for column in told if column})
    if not late:
        return None
    return _blocks(
        "column-known-afterwards",
        f"The decision reads {_listed(late)}, known only once the outcome has happened.",
        fix="take them out of decide.columns and decide.rules",
    )


def _tools_are_declared(setting: _Setting) -> Finding | None:
    tools = setting.programme.tools
    absent = list(dict.fromkeys(d.tool for d in setting.use_case.deliver if d.tool not in tools))
    if not absent:
        return None
    return _blocks(
        "tool-not-declared",
        f"`deliver` names {_listed(absent)}, which the programme does not have.",
        fix=f"add {absent[0]}: {{kind: csv, folder: ...}} under tools in pilotage.yaml",
    )


def _roles_are_held(setting: _Setting) -> Finding | None:
    held = {role for person in setting.programme.people.values() for role in person.roles}
    wanted = (setting.use_case.owner, setting.use_case.sponsor)
    vacant = [role for role in wanted if role and role not in held]
    if not vacant:
        return None
    return _warns(
        "role-without-person",
        f"Nobody in the programme is {_listed(vacant)}.",
        fix=f"add a person with roles: [{vacant[0]}] under people in pilotage.yaml",
    )


def _rules_candidate_has_rules(setting: _Setting) -> Finding | None:
    decide = setting.use_case.decide
    if Approach.RULES not in decide.candidates or decide.rules:
        return None
    return _warns(
        "no-rules",
        "The candidate `rules` has no rule: units get the past rate of their"
        " `data.units.segment`, or one and the same rate.",
        fix="write decide.rules, such as {when: {origin: referral}, probability: 0.3,"
        " reason: referrals answer}",
    )


def _outcomes_are_complete_at_some_time(setting: _Setting) -> Finding | None:
    outcomes = setting.use_case.data.outcomes
    if outcomes.complete_until is not None:
        return None
    return _warns(
        "outcomes-never-complete",
        f"Nothing says up to when all outcomes have arrived in `{outcomes.table}`:"
        " a late one cannot be told from none.",
        fix="write data.outcomes.complete_until: a column, or a day such as 2026-09-30",
    )


def _is_evaluated(setting: _Setting) -> Finding | None:
    """What is only kept must not look like something that is watched."""
    use_case = setting.use_case
    kept = {
        "outcome.guardrails": bool(use_case.outcome.guardrails),
        "outcome.leading": bool(use_case.outcome.leading),
        "data.critical": "critical" in use_case.data.model_fields_set,
        "governance.regions": bool(use_case.governance.regions),
    }
    named = [f"`{key}`" for key, declared in kept.items() if declared]
    if not named:
        return None
    return Finding(
        code="declared-not-evaluated",
        severity=Severity.INFO,
        detail=f"{_listed(named)}: declared, not evaluated yet. This version keeps it, and no"
        " check, rule or verdict reads it.",
        fix="watch it yourself until a later version does",
    )


EVEN = 0.5
"""Proposals of today's candidates say the likelier of yes and no: they are right this often."""


def _everybody_is_asked(setting: _Setting) -> Finding | None:
    """A limit that nothing falls below leaves nobody out."""
    limit = setting.use_case.oversight.ask_from
    if not 0 < limit < EVEN:
        return None
    return Finding(
        code="nobody-left-out",
        severity=Severity.INFO,
        detail=f"`oversight.ask_from` is {limit:g}, below which no proposal is: rules and tabular"
        " say the likelier of yes and no, so each is right with a probability of 0.5 or more, and"
        " every doubtful one is put before a person.",
        fix="nothing to do; to leave doubtful ones out, write a limit above 0.5",
    )


def _one_currency(setting: _Setting) -> Finding | None:
    use_case, own = setting.use_case, setting.programme.currency
    used = use_case.outcome.value.currency
    if used == own:
        return None
    return _warns(
        "several-currencies",
        f"The programme counts in {own}, this use case in {used}; the two do not add.",
        fix=f"write all amounts in {own}",
    )


CHECKS: tuple[Callable[[_Setting], Finding | None], ...] = (
    _tables_are_declared,
    _tables_could_be_read,
    _unit_is_the_key_of_its_table,
    _unit_columns_exist,
    _outcome_columns_exist,
    _nothing_known_only_afterwards,
    _tools_are_declared,
    _roles_are_held,
    _rules_candidate_has_rules,
    _outcomes_are_complete_at_some_time,
    _one_currency,
    _everybody_is_asked,
    _is_evaluated,
)


def _columns_exist(
    table: str, named: Mapping[str, Collection[str]], columns: Columns
) -> Finding | None:
    there = columns.get(table)
    if there is None:
        return None
    absent = [(key, name) for key, names in named.items() for name in names if name not in there]
    if not absent:
        return None
    key, name = absent[0]
    return _blocks(
        "column-not-there",
        f"`{table}` has no column " + ", ".join(f"{name} (`{key}`)" for key, name in absent) + ".",
        fix=_instead(name, there, key=key),
    )


def _instead(name: str, columns: Collection[str], *, key: str) -> str:
    nearest = meant(name, known=columns)
    if nearest:
        return f"write {nearest} in {key}"
    return f"write one of {', '.join(sorted(columns))} in {key}"


def _blocks(code: str, detail: str, *, fix: str) -> Finding:
    return Finding(code=code, severity=Severity.BLOCKS, detail=detail, fix=fix)


def _warns(code: str, detail: str, *, fix: str) -> Finding:
    return Finding(code=code, severity=Severity.WARNING, detail=detail, fix=fix)


def _listed(names: Collection[str]) -> str:
    return " and ".join(names)
