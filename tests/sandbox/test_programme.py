"""The simulated company's declarations are ones that the spec accepts and the tables fit."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from pilotage.domain.month import Month
from pilotage.sandbox import Company, Motion, World, leads, programme, renewals
from pilotage.sandbox.arrivals import WINDOW_DAYS
from pilotage.sandbox.world import NAMED
from pilotage.spec.loading import load_programme, load_use_case
from pilotage.spec.programme import Programme
from pilotage.spec.use_case import UseCase


def declared(world: World) -> tuple[Programme, dict[str, UseCase]]:
    texts = programme(world)
    whole = load_programme(texts.pop("pilotage.yaml"), file="pilotage.yaml")
    cases = [load_use_case(text, file=path) for path, text in texts.items()]
    return whole, {case.use_case: case for case in cases}


@pytest.mark.parametrize("name", NAMED)
def test_every_world_declares_what_the_spec_accepts(name: str) -> None:
    whole, cases = declared(World.named(name, seed=1))
    assert set(cases) == set(Motion)
    assert set(whole.tools) == {one.tool for case in cases.values() for one in case.deliver}
    assert all(case.experiment.assign_by for case in cases.values())


def test_the_tables_have_the_columns_that_the_declarations_name(tmp_path: Path) -> None:
    world = World(seed=1, months=1)
    whole, cases = declared(world)
    Company(world, tmp_path).open()
    headers = {
        table: (tmp_path / Path(whole.source(table, data_folder="")).name)
        .read_text(encoding="utf-8")
        .partition("\n")[0]
        .split(",")
        for table in whole.sources
    }
    for case in cases.values():
        units, outcomes = case.data.units, case.data.outcomes
        named = {units.key, units.at, units.owner, units.segment, *(case.decide.columns or ())}
        named |= {column for rule in case.decide.rules for column in rule.when}
        assert named <= set(headers[units.table])
        assert {outcomes.key, outcomes.at, outcomes.complete_until} <= set(headers[outcomes.table])


def test_the_experiment_starts_where_the_history_ends() -> None:
    _, cases = declared(World(seed=1, start=Month(2025, 3)))
    for case in cases.values():
        assert case.experiment.start == date(2025, 3, 1)


def test_the_declared_windows_and_volumes_are_those_that_are_simulated() -> None:
    _, cases = declared(World(seed=1))
    for motion in Motion:
        assert cases[motion].outcome.window == timedelta(days=WINDOW_DAYS[motion])
    assert cases[Motion.LEADS].process.volume_per_month == leads.A_MONTH
    assert cases[Motion.RENEWALS].process.volume_per_month == renewals.A_MONTH


def test_where_capacity_is_shared_the_authors_say_so_and_draw_arms_by_rep() -> None:
    _, cases = declared(World.named("zero-sum", seed=1))
    assert all(case.process.shared_capacity for case in cases.values())
    columns = {case.assign_column for case in cases.values()}
    assert columns == {"sdr_id", "csm_id"}
