"""A person who was erased stays erased, whatever the tables say."""

from datetime import UTC, datetime

from pilotage.domain.tally import Tally
from pilotage.governance.checkpoint import SigningKey
from pilotage.governance.signer import Signer
from pilotage.store.erasure import Erased, Subject, erase, scrub
from tests.flow.company import END, HISTORY, LEADS, NEW, REPLIES, Company, lead, reply
from tests.store.examples import verified

ANN = Signer(name="ann", roles=("dpo",), key=SigningKey.generate("ann", entropy=bytes(32)))


def forget(company: Company, key: str) -> Erased:
    with company.opened() as (case, record):
        name = case.spec.use_case
        [unit] = record.pseudonyms([key], kind="lead")
        subject = Subject(use_case=name, shared=[name], key=key, unit=unit)
        with record.transaction() as work:
            done = erase(work, subject, by=ANN, as_of=datetime(2026, 7, 1, tzinfo=UTC))
        scrub(record)
    return done


def test_a_person_erased_before_they_came_is_never_enrolled(company: Company):
    key = lead(HISTORY + 3)["lead_id"]
    forget(company, key)
    assert company.run().decided == NEW - 1
    assert company.run() == Tally(read=NEW)


def test_a_person_erased_later_leaves_their_figures_and_nothing_else(company: Company):
    company.run("2026-04-30", now=END)
    key = next(row["record"] for row in company.in_csv())
    assert forget(company, key).rows > 0
    assert company.run().decided == 0
    assert company.run() == Tally(read=NEW)
    record = b"".join(
        path.read_bytes()
        for path in (company.folder / ".pilotage").rglob("*")
        if path.is_file() and path.name.startswith("record.sqlite")
    )
    assert key.encode() not in record
    assert company.in_csv()[-1]["record"].encode() in record
    assert len(company.rows()["decision"]) == NEW
    with company.opened() as (_, opened):
        assert verified(opened).is_intact


def test_refused_rows_of_an_erased_person_do_not_come_back(company: Company):
    key = lead(HISTORY + 3)["lead_id"]
    company.table("leads", [*LEADS, {**lead(HISTORY + 3), "origin": "changed"}])
    company.table("replies", [*REPLIES, {**REPLIES[-1], "lead_id": "gone@example.com"}])
    company.run()
    assert {row[1] for row in company.parked()} == {key, "gone@example.com"}
    for erased in (key, "gone@example.com"):
        forget(company, erased)
    assert company.run() == Tally(read=NEW - 1)
    assert company.parked() == []


def test_what_is_known_of_an_erased_person_stays_whatever_the_table_of_outcomes_says_later(
    company: Company,
):
    i = HISTORY + 4
    company.run("2026-04-10", now=END)
    unit = company.pseudonym(lead(i)["lead_id"])
    kept = [row for row in company.rows()["happening"] if row.unit == unit]
    assert len(kept) == 1
    forget(company, lead(i)["lead_id"])
    later = [row for row in REPLIES if row["lead_id"] != lead(i)["lead_id"]]
    for rows in (later, [*later, reply(i, days=1)], [*later, reply(i, days=-5)], REPLIES):
        company.table("replies", rows)
        company.run()
        held = company.rows()["happening"]
        assert [row for row in held if row.unit == unit] == kept
        assert not [row for row in company.parked() if lead(i)["lead_id"] in row]
    values = {row.unit: (row.value, row.revision) for row in company.rows()["outcome"]}
    assert values[unit] == (1.0, 0)


def test_nothing_new_is_heard_of_an_erased_person(company: Company):
    i = HISTORY + 4
    company.table("replies", [row for row in REPLIES if row["lead_id"] != lead(i)["lead_id"]])
    company.run("2026-04-10", now=END)
    forget(company, lead(i)["lead_id"])
    company.table("replies", REPLIES)
    company.run()
    unit = company.pseudonym(lead(i)["lead_id"])
    assert unit not in {row.unit for row in company.rows()["happening"]}
    assert {row.unit: row.value for row in company.rows()["outcome"]}[unit] == 0.0
    assert company.run() == Tally(read=NEW)
