"""The review as one self-contained HTML file: no script, no network, nothing to install."""

import base64
import hashlib
from importlib import resources
from typing import cast

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pilotage.domain.effect import Effect, Origin
from pilotage.domain.money import MoneyRange
from pilotage.domain.review import Metric, ProgrammeReview
from pilotage.domain.verdict import Verdict
from pilotage.report import charts, wording

STYLE = (resources.files("pilotage.report") / "templates" / "page.css").read_text("utf-8")


def render_page(programme: ProgrammeReview) -> str:
    """Return the whole page; the policy in its head allows its own style sheet and nothing else."""
    return _ENVIRONMENT.get_template("page.html").render(
        programme=programme,
        simulated=programme.simulated,
        tally=wording.tally(programme),
        style=Markup(STYLE),  # noqa: S704 - our own file, no input in it
        style_hash=base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode(),
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pilotage.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # Jinja's type of both tables is that of its own entries; they take any callable and value.
    filters = cast("dict[str, object]", environment.filters)
    names = cast("dict[str, object]", environment.globals)
    filters.update(
        change=_change,
        direction=wording.direction,
        interval_name=wording.interval_name,
        level=_level,
        like=_like,
        metric_name=wording.metric_name,
        money=_money,
        month=wording.month_name,
        standing=wording.standing,
        typeset=wording.typeset,
        why_nothing=wording.why_nothing_to_compare,
    )
    names.update(
        cohort_chart=charts.cohort_chart,
        icon=charts.verdict_icon,
        modes=wording.MODES,
        origins={origin: wording.ORIGINS[origin] for origin in Origin},
        severities=wording.SEVERITIES,
        swatch=charts.swatch,
        verdicts=tuple(Verdict),
    )
    return environment


def _change(effect: Effect, metric: Metric) -> wording.Reading:
    return _reading(wording.change(effect, metric))


def _level(effect: Effect, metric: Metric) -> str:
    return wording.typeset(wording.level(effect, metric))


def _like(value: float, effect: Effect | None, metric: Metric) -> str:
    return wording.typeset(wording.change_like(value, effect, metric))


def _money(amount: MoneyRange) -> wording.Reading:
    return _reading(wording.money(amount))


def _reading(plain: wording.Reading) -> wording.Reading:
    return wording.Reading(
        estimate=wording.typeset(plain.estimate), interval=wording.typeset(plain.interval)
    )


_ENVIRONMENT = _environment()
