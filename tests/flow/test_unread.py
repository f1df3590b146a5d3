"""Amounts that are no numbers: their units may not count as 0 unseen."""

import pytest

from pilotage.domain.errors import SourceError
from pilotage.review import gather, registered_of
from tests.flow.company import END, OLD_REPLIES, REPLIES, Company, instant


@pytest.fixture
def by_amount(company: Company) -> Company:
    company.spec["outcome"]["kind"] = "mean"
    company.spec["outcome"]["minimum_effect"] = {"absolute": 10}
    company.spec["data"]["outcomes"]["value"] = "amount"
    return company


def unread(company: Company) -> int:
    with company.opened() as (case, record):
        known = registered_of(case, record)
        return gather(case, known, record, month=None, as_of=instant(END)).unread


def test_a_baseline_of_many_amounts_that_cannot_be_read_is_refused(by_amount: Company):
    by_amount.table("replies", [{**row, "amount": "1,002.23"} for row in OLD_REPLIES])
    with pytest.raises(SourceError, match=r"\(100.0%\) cannot be read.*1,002\.23"):
        by_amount.run()


def test_units_whose_amount_cannot_be_read_are_counted_until_it_is_mended(by_amount: Company):
    broken = [{**REPLIES[-1], "amount": "$5"}, {**REPLIES[-2], "amount": "nan"}]
    by_amount.table("replies", [*REPLIES[:-2], *broken])
    by_amount.run()
    assert unread(by_amount) == 2
    by_amount.table("replies", REPLIES)
    by_amount.run()
    assert unread(by_amount) == 0
