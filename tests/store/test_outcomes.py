"""Outcomes against a brute-force account in Python, on both databases."""

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from pilotage.domain.cohort import CohortMoments
from pilotage.domain.decision import Arm, Decision, Mode
from pilotage.domain.month import Month
from pilotage.store import happenings, moments, outcomes
from pilotage.store.happenings import Changes
from pilotage.store.ledger import stamp
from pilotage.store.moments import Asked
from pilotage.store.outcomes import Counted
from pilotage.store.record import Record, open_record
from tests.fakes import Clock
from tests.store.examples import AT, USE_CASE, WINDOW, bodies, decide, decision, everything

MONTHS = [Month(2026, 9), Month(2026, 10), Month(2026, 11)]
TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An amount at a place."""

    unit: str
    at: datetime
    value: float


@dataclass(slots=True, kw_only=True)
class Account:
    """What a patient person would write down: all decisions, all happenings, what closed when."""

    once: bool
    decided: list[Decision]
    heard: dict[tuple[str, datetime], float] = field(
        default_factory=dict[tuple[str, datetime], float]
    )
    closed: dict[tuple[str, str], tuple[float, int]] = field(
        default_factory=dict[tuple[str, str], tuple[float, int]]
    )

    def value(self, made: Decision) -> float:
        inside = [
            value
            for (unit, at), value in sorted(self.heard.items())
            if unit == made.unit and made.assigned_at <= at < made.window_ends_at
        ]
        return float(bool(inside)) if self.once else sum(inside)

    def correct(self) -> int:
        changed = 0
        for made in self.decided:
            before = self.closed.get((made.unit, made.period))
            if before and abs(self.value(made) - before[0]) > TOLERANCE:
                self.closed[made.unit, made.period] = (self.value(made), before[1] + 1)
                changed += 1
        return changed

    def close(self, complete_until: datetime) -> int:
        ended = [
            made
            for made in self.decided
            if made.window_ends_at <= complete_until and (made.unit, made.period) not in self.closed
        ]
        for made in ended:
            self.closed[made.unit, made.period] = (self.value(made), 0)
        return len(ended)


def close(record: Record, counted: Counted, complete_until: datetime, *, batch: int = 7) -> int:
    n = 0
    with record.reading() as connection:
        for ended in outcomes.due(connection, counted, complete_until=complete_until, batch=batch):
            with record.transaction() as work:
                outcomes.close(work, ended, use_case=USE_CASE)
            n += len(ended)
    return n


def correct(record: Record, counted: Counted) -> int:
    with record.transaction() as work:
        return outcomes.correct(work, counted, as_of=AT)


def note(record: Record, told: list[Happening]) -> None:
    """Hold amounts at places that may be held already."""
    said = {(item.unit, stamp(item.at)): item.value for item in told}
    with record.transaction() as work:
        first, last = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
        held = happenings.between(work.connection, use_case=USE_CASE, since=first, until=last)
        changes = Changes(
            new={place: value for place, value in said.items() if place not in held},
            amended={place: value for place, value in said.items() if place in held},
        )
        happenings.write(work, changes, use_case=USE_CASE)


def withdraw(record: Record, places: list[tuple[str, datetime]]) -> None:
    with record.transaction() as work:
        gone = Changes(withdrawn=[(unit, stamp(at)) for unit, at in places])
        happenings.write(work, gone, use_case=USE_CASE)


def drawn(record: Record, rng: random.Random) -> list[Decision]:
    """Forty units; every third one is decided in two months."""
    made: list[Decision] = []
    for i in range(40):
        arm = rng.choice(list(Arm))
        for turn in range(1 + (i % 3 == 0)):
            at = AT + timedelta(seconds=rng.randrange(60 * 86_400)) + turn * timedelta(days=31)
            made.append(
                decision(
                    record,
                    f"lead-{i}",
                    arm=arm,
                    at=at,
                    period=f"{Month.of(at)}-01/P1M",
                    cluster=f"rep-{i % 4}",
                    stratum=["Ä", "b", "Z"][i % 3],
                )
            )
    return list({item.key: item for item in made}.values())


def told(made: list[Decision], rng: random.Random) -> list[Happening]:
    """Happenings before, inside, at the edges of and after windows; some amended later."""
    found: list[Happening] = []
    for item in made:
        for _ in range(rng.randrange(4)):
            edge = rng.choice([item.assigned_at, item.window_ends_at])
            inside = item.assigned_at + WINDOW * rng.random()
            at = rng.choice([edge, edge - timedelta(microseconds=1), inside, inside, inside])
            found.append(Happening(unit=item.unit, at=at, value=rng.choice([1.0, 0.1, -2.5, 1e6])))
    return found + [replace(item, value=item.value + 3) for item in found[::5]]


@pytest.mark.parametrize("once", [True, False], ids=["proportion", "mean"])
@pytest.mark.parametrize("seed", range(3))
def test_closing_and_correcting_agree_with_the_account(record: Record, seed: int, *, once: bool):
    rng = random.Random(seed)
    made = drawn(record, rng)
    decide(record, made)
    account = Account(once=once, decided=made)
    counted = Counted(use_case=USE_CASE, mode=Mode.LIVE, once=once)
    rest = told(made, rng)
    rng.shuffle(rest)
    for days in (0, 20, 45, 45, 80, 200):
        cut = len(rest) if days == 200 else len(rest) // 3
        arrived, rest = rest[:cut], rest[cut:]
        note(record, arrived)
        account.heard |= {(item.unit, item.at): item.value for item in arrived}
        gone = rng.sample(sorted(account.heard), k=len(account.heard) // 10)
        withdraw(record, gone)
        for place in gone:
            del account.heard[place]
        until = AT + timedelta(days=days)
        assert correct(record, counted) == account.correct()
        assert close(record, counted, until) == account.close(until)
    kept = {
        (row.unit, row.period): (row.value, row.revision) for row in everything(record)["outcome"]
    }
    assert kept == {key: (pytest.approx(v), n) for key, (v, n) in account.closed.items()}
    assert len(kept) == len(made)
    assert max(n for _, n in account.closed.values()) > 0


def test_what_is_amended_counts_as_it_stands_and_what_is_withdrawn_not_at_all(record: Record):
    decide(record, [decision(record, "lead-1")])
    [unit] = record.pseudonyms(["lead-1"], kind="lead")
    at = AT + timedelta(days=1)
    counted = Counted(use_case=USE_CASE, mode=Mode.LIVE, once=False)
    note(record, [Happening(unit=unit, at=at, value=100.0)])
    assert close(record, counted, AT + WINDOW) == 1
    for value in (90.0, 90.0, 0.125):
        note(record, [Happening(unit=unit, at=at, value=value)])
        correct(record, counted)
        assert [row.value for row in everything(record)["outcome"]] == [value]
    withdraw(record, [(unit, at)])
    assert correct(record, counted) == 1
    assert [(row.value, row.revision) for row in everything(record)["outcome"]] == [(0.0, 3)]
    assert everything(record)["happening"] == []


def test_a_pass_that_hears_nothing_new_closes_and_corrects_nothing(record: Record):
    made = drawn(record, random.Random(7))
    decide(record, made)
    note(record, told(made, random.Random(8)))
    counted = Counted(use_case=USE_CASE, mode=Mode.LIVE, once=False)
    late = AT + timedelta(days=400)
    close(record, counted, late)
    before = everything(record)
    assert (correct(record, counted), close(record, counted, late)) == (0, 0)
    assert everything(record) == before


def test_a_unit_is_closed_when_its_window_has_ended_not_before(record: Record):
    decide(record, [decision(record, "lead-1")])
    counted = Counted(use_case=USE_CASE, mode=Mode.LIVE, once=True)
    assert close(record, counted, AT + WINDOW - timedelta(microseconds=1)) == 0
    with record.reading() as connection:
        assert outcomes.pending(connection, use_case=USE_CASE, mode=Mode.LIVE) == {MONTHS[0]: 1}
    assert close(record, counted, AT + WINDOW) == 1
    with record.reading() as connection:
        assert outcomes.pending(connection, use_case=USE_CASE, mode=Mode.LIVE) == {}


def test_until_when_windows_were_closed(record: Record):
    made = [decision(record, f"lead-{i}", at=AT + timedelta(days=i)) for i in range(3)]
    decide(record, made)
    counted = Counted(use_case=USE_CASE, mode=Mode.LIVE, once=True)
    for until, last in ((AT, None), (AT + WINDOW + timedelta(days=1.5), made[1].window_ends_at)):
        close(record, counted, until)
        with record.reading() as connection:
            assert outcomes.closed_until(connection, use_case=USE_CASE, mode=Mode.LIVE) == last
            assert outcomes.closed_until(connection, use_case=USE_CASE, mode=Mode.SHADOW) is None


def test_what_is_held_of_a_time_begins_with_it_and_ends_before_its_end(record: Record):
    decide(record, [decision(record, "lead-1")])
    [unit] = record.pseudonyms(["lead-1"], kind="lead")
    days = [AT + timedelta(days=i) for i in range(5)]
    note(record, [Happening(unit=unit, at=at, value=float(i)) for i, at in enumerate(days)])
    with record.reading() as connection:
        part = happenings.between(connection, use_case=USE_CASE, since=days[1], until=days[3])
        held = happenings.held(connection, use_case=USE_CASE, since=days[1], until=days[3])
        none = happenings.held(connection, use_case="another", since=days[1], until=days[3])
    assert part == {(unit, stamp(days[1])): 1.0, (unit, stamp(days[2])): 2.0}
    assert (held.places, held.newest) == (2, stamp(days[2]))
    assert (none.places, none.newest) == (0, "")


def test_every_outcome_and_correction_names_its_entry(record: Record):
    decide(record, [decision(record, "lead-1"), decision(record, "lead-2", arm=Arm.HOLDOUT)])
    [first, _] = record.pseudonyms(["lead-1", "lead-2"], kind="lead")
    counted = Counted(use_case=USE_CASE, mode=Mode.LIVE, once=True)
    close(record, counted, AT + WINDOW)
    note(record, [Happening(unit=first, at=AT + timedelta(days=2), value=1.0)])
    assert correct(record, counted) == 1
    with record.reading() as connection:
        log = [orjson.loads(body) for body in bodies(connection)]
        ends = moments.evidence(connection, asked(MONTHS))
    rows = {row.unit: row for row in everything(record)["outcome"]}
    assert log[rows[first].seq]["kind"] == "correction"
    assert (log[rows[first].seq]["revision"], log[rows[first].seq]["value"]) == (1, "1")
    assert {log[row.seq]["unit"] for row in rows.values()} == set(rows)
    assert ends == (min(row.seq for row in rows.values()), max(row.seq for row in rows.values()))


def test_when_a_unit_of_two_months_was_first_assigned(record: Record):
    for at in (AT + timedelta(days=31), AT):
        decide(record, [decision(record, "lead-1", at=at, period=f"{Month.of(at)}-01/P1M")])
    [unit] = record.pseudonyms(["lead-1"], kind="lead")
    with record.reading() as connection:
        found = happenings.followed(connection, [unit, "x"], use_case=USE_CASE, mode=Mode.LIVE)
        other = happenings.followed(connection, [unit], use_case=USE_CASE, mode=Mode.REPLAY)
    assert found == {unit: stamp(AT)}
    assert other == {}


def asked(months: list[Month], *, clustered: bool = False, shift: float = 0.25) -> Asked:
    return Asked(use_case=USE_CASE, mode=Mode.LIVE, shift=shift, clustered=clustered, months=months)


def to_the_last_bit(found: list[CohortMoments]) -> bytes:
    return "\n".join(repr(cohort) for cohort in found).encode()


@pytest.mark.parametrize("clustered", [True, False])
def test_moments_are_sums_of_deviations_by_month_arm_and_cluster(
    record: Record, *, clustered: bool
):
    made = drawn(record, random.Random(3))
    decide(record, made)
    note(record, told(made, random.Random(4)))
    close(record, Counted(use_case=USE_CASE, mode=Mode.LIVE, once=False), AT + timedelta(days=400))
    values = {(row.unit, row.period): row.value for row in everything(record)["outcome"]}
    groups: dict[tuple[object, ...], list[float]] = {}
    for item in made:
        by = (item.cluster, item.stratum) if clustered else ("", "")
        deviation = values[item.unit, item.period] - 0.25
        groups.setdefault((item.month, item.arm, *by), []).append(deviation)
    with record.reading() as connection:
        found = moments.of_cohorts(connection, asked(MONTHS, clustered=clustered))
    kept = {(c.month, c.arm, c.cluster, c.stratum): c.moments for c in found}
    assert kept.keys() == {key for key in groups if key[0] in MONTHS}
    for key, deviations in groups.items():
        if key[0] in MONTHS:
            sums = kept[key]  # pyright: ignore[reportArgumentType] - the key's parts are typed above
            assert sums.n == len(deviations)
            assert sums.y == pytest.approx(sum(deviations))
            assert sums.yy == pytest.approx(sum(d * d for d in deviations))
            assert sums.y_shift == 0.25


def test_a_unit_that_moved_within_its_arm_counts_once_and_where_it_was_first(record: Record):
    places = [("rep-b", "north"), ("rep-b", "south"), ("rep-a", "south")]
    for turn, (cluster, stratum) in enumerate(places):
        at = AT + turn * timedelta(days=31)
        period = f"{Month.of(at)}-01/P1M"
        made = decision(record, "lead-1", at=at, period=period, cluster=cluster, stratum=stratum)
        decide(record, [made])
        note(record, [Happening(unit=made.unit, at=at + timedelta(days=1), value=float(turn))])
    close(record, Counted(use_case=USE_CASE, mode=Mode.LIVE, once=False), AT + timedelta(days=400))
    with record.reading() as connection:
        [of_rep] = moments.of_units(connection, asked(MONTHS, clustered=True, shift=0.0))
        [of_all] = moments.of_units(connection, asked(MONTHS, shift=0.0))
    assert (of_rep.cluster, of_rep.stratum, of_rep.moments.n) == ("rep-b", "", 1)
    assert of_rep.moments.y == 1.0  # the mean of 0, 1 and 2
    assert (of_all.cluster, of_all.moments) == ("", of_rep.moments)


def test_both_databases_give_the_same_moments_to_the_last_bit(tmp_path: Path, postgres_url: str):
    said: list[bytes] = []
    for url in ("sqlite:///.pilotage/record.sqlite", postgres_url):
        record = open_record(url, folder=tmp_path / url[:6], programme="acme", clock=Clock())
        rng = random.Random(5)
        made = drawn(record, rng)
        decide(record, made)
        amounts = list({(item.unit, item.at): item for item in told(made, rng)}.values())
        if url == postgres_url:
            rng.shuffle(amounts)  # neither adds in the other's order
        note(record, amounts)
        counted = Counted(use_case=USE_CASE, mode=Mode.LIVE, once=False)
        close(record, counted, AT + timedelta(days=400))
        sums: list[CohortMoments] = []
        with record.reading() as connection:
            for clustered in (True, False):
                wanted = asked(MONTHS, clustered=clustered)
                sums += moments.of_cohorts(connection, wanted)
                sums += moments.of_units(connection, wanted)
        said.append(to_the_last_bit(sums))
        record.engine.dispose()
    assert said[0] == said[1]
    assert said[0].count(b"\n") > 30


def test_a_stamp_sorts_as_time():
    instants = [AT + timedelta(microseconds=i) for i in (0, 1, 10, 999_999, 10**9, 10**12)]
    assert sorted(map(stamp, instants)) == [stamp(at) for at in instants]
