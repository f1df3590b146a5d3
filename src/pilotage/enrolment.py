"""Which units take part, and in which arm. Read it after flow.py.

pseudonym -> arm -> decided in this period already? -> in the other arm before?
"""

from collections.abc import Sequence
from datetime import datetime

from pilotage.domain.decision import Arm, Enrolled, Mode
from pilotage.domain.month import Month
from pilotage.domain.unit import Parked, Unit
from pilotage.experiments.assignment import arms
from pilotage.launch import Ready, names_of_strata
from pilotage.ports import Case
from pilotage.spec.decide import Every
from pilotage.store import decisions
from pilotage.store.record import Record


def enrol(
    units: Sequence[Unit], ready: Ready, record: Record, *, as_of: datetime
) -> tuple[list[Enrolled], list[Parked]]:
    """Give each unit that is new in its period an arm; refuse those that would blur the arms."""
    case, spec = ready.case, ready.case.spec
    names = record.pseudonyms([unit.key for unit in units], kind=spec.process.unit)
    clusters = (
        names
        if spec.assigns_units
        else record.pseudonyms([unit.cluster for unit in units], kind=spec.assign_column)
    )
    strata = names_of_strata((unit.stratum for unit in units), record)
    drawn = draw(units, clusters, ready)
    with record.reading() as connection:
        earlier = decisions.earlier(connection, names, use_case=spec.use_case)
    enrolled: list[Enrolled] = []
    refused: list[Parked] = []
    for unit, name, cluster, arm in zip(units, names, clusters, drawn, strict=True):
        assigned_at = unit.at if case.mode is Mode.REPLAY else as_of
        month = Month.of(assigned_at, zone=case.zone)
        period = "once" if spec.decide.every is Every.ONCE else f"{month}-01/P1M"
        before = earlier.get(name)
        if before is not None and (before.erased or period in before.periods):
            continue
        if arm is None:
            refused.append(astray(unit, case, reason="late-cluster"))
            continue
        if before is not None and before.arm is not arm:
            refused.append(astray(unit, case, reason="changed-arm"))
            continue
        enrolled.append(
            Enrolled(
                unit=unit,
                pseudonym=name,
                cluster=cluster,
                stratum=strata[unit.stratum],
                arm=arm,
                period=period,
                month=month,
                assigned_at=assigned_at,
            )
        )
    return enrolled, refused


ASTRAY = {
    "late-cluster": "{column} {cluster!r} was not there when the arms were counted out; its units"
    " stay as today until a new experiment starts",
    "changed-arm": "it moved to {column} {cluster!r}, which is in the other arm; a unit in both"
    " arms would blur them",
}


def astray(unit: Unit, case: Case, *, reason: str) -> Parked:
    """Refuse a unit that would stand in both arms, or in neither."""
    return Parked(
        table=case.spec.data.units.table,
        key=unit.key,
        reason=reason,
        detail=ASTRAY[reason].format(column=case.spec.assign_column, cluster=unit.cluster),
    )


def draw(units: Sequence[Unit], clusters: Sequence[str], ready: Ready) -> list[Arm | None]:
    """Return each unit's arm: by hash, or as counted out; None for a cluster that came late."""
    registered = ready.registered
    if registered.counted is not None:
        return [registered.counted.get(cluster) for cluster in clusters]
    keys = [unit.cluster for unit in units]
    return list(arms(keys, salt=registered.use_case, holdout=registered.holdout))
