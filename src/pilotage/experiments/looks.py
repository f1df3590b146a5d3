"""Look plans: how strong the evidence must be at each monthly look, so that looking is free.

Comparing each month against the same 5% would find an effect where there is none in about
16% of six-month experiments.
"""

from collections.abc import Sequence

from pilotage.domain.errors import SpecError
from pilotage.domain.look import Look, LookPlan
from pilotage.domain.month import Month

INTERIM_P = 0.001
"""Critical p before the final look (Haybittle, 1971; Peto et al., 1976)."""


def haybittle_peto(months: Sequence[Month], *, level: float = 0.95) -> LookPlan:
    """Plan monthly looks: only overwhelming evidence before the final one, nearly all of it there.

    The final look gets what Bonferroni leaves: error - 0.001 x interim looks, two-sided. That
    holds however information arrives. What it wastes pays for late looks at the same 0.001:
    six looks and twelve late ones err in 4.5% of cases at equal monthly information.

    Args:
        months: of the looks; the last one is final.
        level: of the intervals; 1 - level is the two-sided error of the whole plan.

    Raises:
        SpecError: for months that are none or not in order, or too many for the error.

    >>> plan = haybittle_peto([Month(2026, 10), Month(2026, 11), Month(2026, 12)])
    >>> [round(look.critical_p, 4) for look in plan.looks]
    [0.001, 0.001, 0.048]
    """
    if not months or list(months) != sorted(set(months)):
        raise SpecError(
            f"the looks are {', '.join(map(str, months)) or 'none'}; they must be in order, once.",
            fix="write `experiment.months: 6` for six monthly looks",
        )
    left = (1 - level) - INTERIM_P * (len(months) - 1)
    if left <= INTERIM_P:
        raise SpecError(
            f"{len(months)} looks leave no error for the final one at level {level}.",
            fix="plan fewer looks, such as `experiment.months: 6`",
        )
    interim = (Look(month=month, critical_p=INTERIM_P) for month in months[:-1])
    return LookPlan(
        name="Haybittle-Peto",
        looks=(*interim, Look(month=months[-1], critical_p=left)),
        late_p=INTERIM_P,
        level=level,
    )
