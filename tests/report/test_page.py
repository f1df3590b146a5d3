"""The HTML page: self-contained, honest, readable by everybody."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from pilotage.domain.review import Review
from pilotage.domain.verdict import Verdict
from pilotage.report import render_page
from pilotage.report.page import STYLE
from tests.report import examples

VOID = {"meta", "br"}

HOSTILE = "<script>alert('x')</script><img src=x onerror=y>\" onload=\"z"


class Balance(HTMLParser):
    """Follows open and closed tags, ids and the words a reader sees."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.referred: list[str] = []
        self.attributes: set[str] = set()
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self._note(attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag
        self._note(attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    def _note(self, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            self.attributes.add(name)
            if name == "id":
                self.ids.append(value or "")
            if name in {"aria-labelledby", "href"}:
                self.referred += (value or "").replace("#", "").split()


def parsed(page: str) -> Balance:
    balance = Balance()
    balance.feed(page)
    balance.close()
    return balance


def words(page: str) -> str:
    return " ".join(" ".join(parsed(page).words).split())


@pytest.mark.parametrize(
    "review", [examples.scaling(), examples.holding(), examples.repairing(), examples.stopping()],
    ids=list(Verdict),
)  # fmt: skip
def test_every_verdict_shows_its_word_its_rule_its_reason_and_the_next_step(review: Review):
    page = words(render_page(examples.programme(review)))
    ruling = review.ruling
    assert f"1 {ruling.verdict.capitalize()}" in page
    for part in (ruling.rule, ruling.reason, ruling.next_step, review.owner, review.evidence):
        assert part in page


def test_all_tags_close_in_order_and_every_reference_has_its_target():
    found = parsed(render_page(examples.programme()))
    assert not found.open
    assert len(found.ids) == len(set(found.ids))
    assert set(found.referred) <= set(found.ids)


def test_the_page_asks_nothing_of_the_network_and_runs_nothing():
    page = render_page(examples.programme())
    assert not re.search(r"https?:|//|url\(|@import|<script|<link|<iframe|javascript:", page)
    found = parsed(page)
    assert not [name for name in found.attributes if name.startswith("on") or name == "style"]


def test_the_policy_allows_the_pages_own_style_sheet_and_nothing_else():
    page = render_page(examples.programme())
    style = page.split("<style>")[1].split("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}';" in page


def test_a_hostile_title_is_shown_and_not_obeyed():
    calm = examples.scaling()
    review = replace(
        calm,
        use_case=HOSTILE,
        title=HOSTILE,
        owner=HOSTILE,
        metric=replace(calm.metric, name=HOSTILE),
        figures=tuple(replace(f, label=HOSTILE, value=HOSTILE) for f in calm.figures),
        findings=tuple(replace(f, detail=HOSTILE, fix=HOSTILE) for f in calm.findings),
        ruling=replace(calm.ruling, reason=HOSTILE, rule=HOSTILE),
    )
    page = render_page(replace(examples.programme(review), programme=HOSTILE, checkpoint=HOSTILE))
    assert "<script" not in page
    assert "<img" not in page
    assert "onload" not in parsed(page).attributes
    assert "alert('x')" in words(page)


def test_every_figure_stands_beside_its_origin_and_source():
    review = examples.scaling()
    page = words(render_page(examples.programme(review)))
    for figure in review.figures:
        assert f"{figure.label} {figure.value} {figure.origin} {figure.source}" in page


def test_effects_and_money_carry_interval_counts_method_and_standing():
    page = words(render_page(examples.programme(examples.scaling())))
    for part in (
        "+1.8 points [0.6, 3.0] +15% [5%, 25%] relative 95% interval",
        "USD 81,000 [27,000, 135,000] after running cost unit value approved by finance",
        "14,402 treated 3,600 held out, at 12.0% randomised; difference in means (Welch)",
    ):
        assert part in page


def test_money_that_finance_did_not_approve_says_so_wherever_it_stands():
    page = words(render_page(examples.programme(examples.repairing())))
    assert page.count("declared, unapproved until finance signs") == 2


def test_a_total_is_shown_only_where_the_review_has_one():
    without = words(render_page(examples.programme()))
    assert "their intervals do not add to one honest total" in without
    total = examples.scaling().money
    given = words(render_page(examples.programme(examples.holding(), total=total)))
    assert "USD 81,000 a month [27,000, 135,000] unit value approved by finance" in given
    assert "honest total" not in given


def test_without_an_effect_the_page_says_why_and_draws_nothing():
    page = render_page(examples.programme(examples.holding()))
    assert "Nothing to compare yet 412 units wait for the outcome window to close" in words(page)
    assert 'class="chart"' not in page


def test_each_chart_has_a_title_a_description_and_a_table():
    review = examples.repairing()
    page = render_page(examples.programme(review))
    assert page.count('class="chart"') == page.count("<title id=") == page.count("<desc id=") == 2
    assert page.count('<table class="numbers">') == 1
    told = words(page).replace("\N{MINUS SIGN}", "-")
    assert "August 2026 -0.8 hours [-7.0, 5.4] 52 13" in told
    assert "July 2026 nothing to compare: an arm has no units" in told


def test_a_simulated_company_is_labelled_in_title_banner_card_chart_and_print():
    page = render_page(examples.programme(examples.scaling()))
    assert "<title>Simulated company: Northwind" in page
    assert '<body class="simulated-company">' in page
    assert "Nothing here is evidence about a real business" in page
    assert '<span class="chip simulated">simulated company</span>' in page
    assert "Simulated company. Change of reply rate" in page
    assert "Known truth (simulated company): +1.4 points" in words(page)
    assert page.count('class="diamond"') == 2 * 6 + 1  # two widths, and the legend


def test_a_truth_that_the_interval_misses_is_owned_up_to():
    review = examples.scaling()
    assert review.truth is not None
    missed = replace(review, truth=replace(review.truth, covered=False))
    assert "The reported interval misses it." in words(render_page(examples.programme(missed)))


def test_a_real_company_is_never_called_simulated():
    page = render_page(examples.programme(examples.holding(), examples.stopping()))
    assert "simulated" not in words(page).lower()
    assert "diamond" not in page.replace(STYLE, "")


def test_an_unbounded_interval_says_so_and_still_draws():
    review = examples.scaling()
    assert review.effect is not None
    endless = replace(review.effect, high=float("inf"), p_value=float("nan"))
    cohorts = (replace(review.cohorts[0], effect=endless),)
    page = render_page(examples.programme(replace(review, effect=endless, cohorts=cohorts)))
    assert "no limit]" in words(page)
    assert not re.search(r"\b(nan|inf)\b", page, re.IGNORECASE)


def test_the_same_review_gives_the_same_bytes():
    assert render_page(examples.programme()) == render_page(examples.programme())


def test_a_programme_without_use_cases_says_so():
    empty = replace(examples.programme(), reviews=())
    assert "No use case is reviewed this month." in words(render_page(empty))


def test_words_stand_out_from_their_paper_in_light_dark_and_print():
    schemes = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    assert len(schemes) == 3
    for scheme in schemes:
        colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", scheme))
        pairs = [
            *((word, paper) for word in ("ink", "quiet", "link") for paper in ("paper", "panel")),
            *((verdict.value, f"{verdict}-bg") for verdict in Verdict),
            ("truth", "paper"), ("scale", "paper"), ("simulated", "simulated-bg"),
        ]  # fmt: skip
        for word, paper in pairs:
            assert contrast(colours[word], colours[paper]) >= 4.5, (word, paper)


def contrast(left: str, right: str) -> float:
    """Contrast ratio by WCAG 2.2; 4.5 is level AA for text."""
    light, dark = sorted((luminance(left), luminance(right)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    shares = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_contrast_agrees_with_the_standards_own_examples():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
