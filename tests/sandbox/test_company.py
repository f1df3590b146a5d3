"""The simulated company: the same bytes from the same seed, honest exports, a known mess."""

import csv
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from pilotage.domain.errors import DeliveryError, PilotageError
from pilotage.domain.month import Month
from pilotage.sandbox import MESS, Company, Delivered, Motion, Scenario, World

JANUARY, FEBRUARY, MARCH = Month(2026, 1), Month(2026, 2), Month(2026, 3)
SHORT = World(seed=11, months=2)

Row = Mapping[str, str]


def rows(folder: Path, file: str) -> list[Row]:
    with (folder / file).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def lived(world: World, folder: Path, delivered: Sequence[Delivered] = ()) -> Company:
    """A company that has lived through its months and one more, told the same thing each month."""
    company = Company(world, folder)
    company.open()
    for month in world.live:
        company.advance(month)
        arrived = [one for one in delivered if one.record[2:6] <= f"{month}"[2:].replace("-", "")]
        company.react(month, arrived)
    company.advance(world.start.plus(world.months))
    return company


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    for name, seed in (("one", 11), ("same", 11), ("other", 12)):
        lived(World(seed=seed, months=2), tmp_path / name)
    assert contents(tmp_path / "one") == contents(tmp_path / "same")
    other = contents(tmp_path / "other")
    assert all(other[name] != text for name, text in contents(tmp_path / "one").items())


def test_what_the_ai_does_changes_no_unit_only_what_comes_of_it(tmp_path: Path) -> None:
    delivered = [Delivered(record="L-2601-00004", field="ai_priority", value="3")]
    for scenario in (Scenario.NONE, Scenario.IMMEDIATE):
        world = World(seed=11, leads=scenario, renewals=scenario, months=2)
        lived(world, tmp_path / scenario, delivered)
    for file in ("leads.csv", "renewals.csv", "accounts.csv"):
        texts = {(tmp_path / scenario / file).read_bytes() for scenario in ("none", "immediate")}
        assert len(texts) == 1, file


def test_every_table_holds_the_six_months_before_the_start_and_then_grows(tmp_path: Path) -> None:
    company = Company(SHORT, tmp_path)
    company.open()
    before = rows(tmp_path, "leads.csv")
    assert before[0]["created_at"].startswith("2025-07-01")
    assert max(row["created_at"] for row in before if row["created_at"] < "2030") < "2026"
    company.advance(JANUARY)
    assert len(rows(tmp_path, "leads.csv")) == pytest.approx(len(before) + 3000, abs=300)
    assert len(rows(tmp_path, "renewals.csv")) == pytest.approx(7 * 900, abs=400)


def test_base_rates_are_those_that_the_page_promises(tmp_path: Path) -> None:
    lived(World(seed=11, leads=Scenario.NONE), tmp_path)
    replied = {row["lead_id"] for row in rows(tmp_path, "replies.csv")}
    renewed = {row["renewal_id"] for row in rows(tmp_path, "renewed.csv")}
    assert len(replied) / len(rows(tmp_path, "leads.csv")) == pytest.approx(0.12, abs=0.01)
    assert len(renewed) / len(rows(tmp_path, "renewals.csv")) == pytest.approx(0.78, abs=0.015)


def test_the_columns_tell_good_leads_from_bad_ones(tmp_path: Path) -> None:
    lived(SHORT, tmp_path)
    replied = {row["lead_id"] for row in rows(tmp_path, "replies.csv")}

    leads = rows(tmp_path, "leads.csv")

    def rate(column: str, *values: str) -> float:
        picked = [row["lead_id"] in replied for row in leads if row[column] in values]
        return sum(picked) / len(picked)

    assert rate("origin", "referral") > 2 * rate("origin", "webinar")
    assert rate("job_title", "Student", "Intern", "Freelancer") < rate("job_title", "CFO") / 3
    assert rate("landing_page", "/pricing") > 1.5 * rate("landing_page", "/blog")
    assert rate("message", "Downloaded the guide.") < rate("message", "")


@pytest.mark.parametrize(
    ("motion", "units", "outcomes", "key", "at"),
    [
        (Motion.LEADS, "leads.csv", "replies.csv", "lead_id", "created_at"),
        (Motion.RENEWALS, "renewals.csv", "renewed.csv", "renewal_id", "opened_at"),
    ],
)
def test_the_mess_in_the_tables_is_the_mess_that_is_documented(  # noqa: PLR0917 - one a column
    tmp_path: Path, motion: Motion, units: str, outcomes: str, key: str, at: str
) -> None:
    lived(SHORT, tmp_path)
    mess, months = MESS[motion], len((*SHORT.history, *SHORT.live))
    found = rows(tmp_path, units)
    keys = Counter(row[key] for row in found if row[key])
    assert sum(count - 1 for count in keys.values()) == mess.duplicates * months
    assert sum(not row[key] for row in found) == mess.missing_keys * months
    assert sum(row[at] > "2030" for row in found) == mess.future_dates * months
    created = {row[key]: row[at] for row in found}
    came = rows(tmp_path, outcomes)
    claimed = [row[list(row)[1]] for row in came]
    unknown = [row for row in came if row[key] not in created]
    assert len(unknown) == mess.unknown_units * months
    early = sum(then < created.get(row[key], "") for row, then in zip(came, claimed, strict=True))
    assert early == mess.early_outcomes * months
    assert len({row[key] for row in came}) == len(came), "no unit has two outcomes"


def test_a_few_companies_are_written_in_decomposed_letters(tmp_path: Path) -> None:
    lived(SHORT, tmp_path)
    months = len((*SHORT.history, *SHORT.live))
    for motion, file, column in (
        (Motion.LEADS, "leads.csv", "company"),
        (Motion.RENEWALS, "accounts.csv", "name"),
    ):
        once = {row[next(iter(row))]: row[column] for row in rows(tmp_path, file)}
        real = [name for key, name in once.items() if key and "F" not in key]
        odd = sum(not unicodedata.is_normalized("NFC", name) for name in real)
        assert odd == MESS[motion].decomposed_names * months


def test_nothing_that_happened_before_loaded_at_turns_up_later(tmp_path: Path) -> None:
    company = Company(SHORT, tmp_path)
    company.open()
    former: dict[str, set[tuple[str, str]]] = {}
    stamp = datetime.min.replace(tzinfo=UTC)
    for month in (*SHORT.live, MARCH):
        company.advance(month)
        for file in ("replies.csv", "renewed.csv"):
            now = {(key, at) for key, at, _ in (row.values() for row in rows(tmp_path, file))}
            late = {at for _, at in now - former.get(file, now) if instant(at) < stamp}
            assert len(late) <= 1, "but for the one that claims to be early: part of the mess"
            assert former.get(file, set()) <= now
            former[file] = now
        stamp = instant(rows(tmp_path, "replies.csv")[0]["loaded_at"])
        assert month.end() - timedelta(days=1) <= stamp < month.end()


@pytest.mark.parametrize("rounds_a_month", [1, 4])
def test_outcomes_come_after_the_round_and_within_the_window_from_it(
    tmp_path: Path, rounds_a_month: int
) -> None:
    world = World(seed=11, months=1, rounds_a_month=rounds_a_month)
    company = lived(world, tmp_path)
    created = {row["lead_id"]: instant(row["created_at"]) for row in rows(tmp_path, "leads.csv")}
    seen = 0
    for row in rows(tmp_path, "replies.csv"):
        key, replied = row["lead_id"], instant(row["replied_at"])
        if not key.startswith("L-2601") or key not in created or replied < created[key]:
            continue
        worked = min(one for one in company.rounds(JANUARY) if one >= created[key])
        assert worked < replied < worked + timedelta(days=14)
        if rounds_a_month == 4:
            assert replied < created[key] + timedelta(days=14)
        seen += 1
    assert seen > 250


def test_a_company_that_starts_again_on_its_folder_goes_on_where_it_stopped(
    tmp_path: Path,
) -> None:
    delivered = [
        Delivered(record=f"L-2601-{k:05d}", field="rank", value="5", at=JANUARY.end())
        for k in range(1, 2001)
    ]
    lived(SHORT, tmp_path / "once", delivered)
    first = Company(SHORT, tmp_path / "twice")
    first.open()
    first.advance(JANUARY)
    first.react(JANUARY, delivered)
    second = Company(SHORT, tmp_path / "twice")
    second.advance(FEBRUARY)
    second.react(FEBRUARY, delivered)
    second.react(FEBRUARY, delivered)
    second.advance(MARCH)
    assert contents(tmp_path / "once") == contents(tmp_path / "twice")


def test_a_delivery_to_a_record_that_nobody_has_is_refused(tmp_path: Path) -> None:
    company = Company(SHORT, tmp_path)
    company.advance(JANUARY)
    with pytest.raises(DeliveryError, match="L-0000-1"):
        company.react(JANUARY, [Delivered(record="L-0000-1", field="x", value="1")])


def test_nobody_reacts_in_a_month_that_has_not_come(tmp_path: Path) -> None:
    company = Company(SHORT, tmp_path)
    company.open()
    with pytest.raises(PilotageError, match="advance\\(2026-01\\)"):
        company.react(JANUARY, [])


def test_time_that_does_not_lie_in_the_month_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PilotageError, match="does not lie in 2026-01"):
        Company(SHORT, tmp_path).advance(JANUARY, until=datetime(2026, 3, 1, tzinfo=UTC))


def test_weeks_within_a_month_show_only_what_has_come_by_then(tmp_path: Path) -> None:
    company = Company(World(seed=11, months=1, rounds_a_month=4), tmp_path)
    counts: list[int] = []
    for moment in company.rounds(JANUARY):
        company.advance(JANUARY, until=moment)
        counts.append(len(rows(tmp_path, "leads.csv")))
    weekly = [after - before for before, after in pairwise(counts)]
    assert all(600 < week < 900 for week in weekly)
