"""Forecast: in which month the answer is due, and in which the first one can come."""

import math
from datetime import timedelta, tzinfo

from pilotage.domain.experiment import Registered
from pilotage.domain.month import Month
from pilotage.experiments.design import DAYS_PER_MONTH

NEVER_MONTHS = 120
"""How far off a month is that will not come."""


def forecast(registered: Registered, *, window: timedelta) -> Month:
    """Return the first cohort by which the smallest effect worth having would show.

    Args:
        window: of the outcome. Months to detect count it; cohorts are named by assignment,
            and counted from the first full one, as the looks are.
    """
    if registered.months_to_detect is None:
        return registered.looks.final.plus(NEVER_MONTHS)
    cohorts = registered.months_to_detect - window / timedelta(days=DAYS_PER_MONTH)
    return registered.looks.months[0].plus(max(1, math.ceil(cohorts)) - 1)


def first_closing(cohort: Month, *, window: timedelta, zone: tzinfo) -> Month:
    """Return the month in which the last outcome window of a cohort ends.

    Args:
        cohort: the first one.
    """
    return Month.of(cohort.end(zone=zone) + window, zone=zone)
