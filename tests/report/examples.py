"""A programme's review with every verdict, as the tests of its renderings read it."""

from pilotage.domain.decision import Mode
from pilotage.domain.effect import Effect, EffectKind, Origin
from pilotage.domain.finding import Finding, Severity
from pilotage.domain.money import Money, MoneyRange
from pilotage.domain.month import Month
from pilotage.domain.review import (
    Better,
    CohortEffect,
    Figure,
    Metric,
    MetricKind,
    ProgrammeReview,
    Review,
    Truth,
)
from pilotage.domain.verdict import Ruling, Verdict

MONTH = Month(2026, 10)

CHECKPOINT = """\
northwind.example/pilotage
48210
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— northwind.example/pilotage Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q
"""


def effect(
    estimate: float,
    half: float,
    *,
    kind: EffectKind = EffectKind.ABSOLUTE,
    n: int = 2400,
    mean: float = 0.1203,
    level: float = 0.95,
) -> Effect:
    """Return an effect with a symmetric interval."""
    return Effect(
        estimate=estimate,
        low=estimate - half,
        high=estimate + half,
        standard_error=half / 1.96,
        p_value=0.01,
        kind=kind,
        method="randomised; difference in means (Welch)",
        n_treatment=n,
        n_holdout=n // 4,
        holdout_mean=mean,
        level=level,
    )


def money(estimate: float, low: float, high: float, origin: Origin) -> MoneyRange:
    """Return dollars with an interval."""
    return MoneyRange(
        estimate=Money.of(estimate, "USD"),
        low=Money.of(low, "USD"),
        high=Money.of(high, "USD"),
        origin=origin,
    )


REPLY_RATE = Metric(
    name="reply_rate",
    kind=MetricKind.PROPORTION,
    better=Better.HIGHER,
    minimum_effect=0.018,
    breakeven=0.002,
)


def scaling() -> Review:
    """Return a slow bloomer that made it."""
    estimates = (-0.0031, 0.0042, 0.0134, 0.0212, 0.0305, 0.0287)
    return Review(
        use_case="inbound-lead-qualification",
        title="Call the inbound leads that will answer, first",
        owner="vp-sales-development",
        mode=Mode.LIVE,
        month=MONTH,
        metric=REPLY_RATE,
        ruling=Ruling(
            verdict=Verdict.SCALE,
            rule="pays-with-confidence",
            reason="The chance that the effect pays its cost by month 12 is 98%, above the 90%"
            " that the rule asks for.",
            until=None,
            next_step="Widen to all inbound leads; a 5% holdout stays.",
        ),
        effect=effect(0.0180, 0.0118, n=14402),
        relative=effect(0.152, 0.102, kind=EffectKind.RELATIVE, n=14402),
        money=money(81023.55, 26998.10, 135040.0, Origin.APPROVED),
        cohorts=tuple(
            CohortEffect(
                month=Month(2026, 4).plus(i), effect=effect(value, 0.0262), truth=0.0055 * i
            )
            for i, value in enumerate(estimates)
        ),
        pending=2981,
        figures=(
            Figure(
                label="Volume",
                value="2,981 leads a month",
                origin=Origin.MEASURED,
                source="ledger entries 1..48210",
            ),
            Figure(
                label="Value of a reply",
                value="USD 1,500 gross margin",
                origin=Origin.APPROVED,
                source="finance model 2026-09, signed by a.meyer (finance) 2026-09-14",
            ),
            Figure(
                label="Running cost",
                value="USD 9,000 a month",
                origin=Origin.DECLARED,
                source="use-cases/inbound.yaml, budget.run_per_month",
            ),
            Figure(
                label="Share of slow bloomers expected",
                value="20%",
                origin=Origin.ASSUMED,
                source="the plan",
            ),
        ),
        findings=(
            Finding(
                code="adoption-near-line",
                severity=Severity.WARNING,
                detail="24% of the shown ranks were acted on in the team Nordics; the line is 20%.",
                fix="ask the lead of Nordics what keeps reps from the list",
            ),
        ),
        spec_hash="9f2c41d07a55e6b1",
        evidence="1..48210",
        truth=Truth(kind="slow bloom", effect=0.0138, money_per_month="USD 61,700", covered=True),
    )


def holding() -> Review:
    """Return a use case with nothing to compare yet."""
    return Review(
        use_case="renewal-risk",
        title="Warn of renewals at risk, ninety days ahead",
        owner="vp-customer-success",
        mode=Mode.SHADOW,
        month=MONTH,
        metric=Metric(name="renewal_rate", kind=MetricKind.PROPORTION, better=Better.HIGHER),
        ruling=Ruling(
            verdict=Verdict.HOLD,
            rule="no-closed-cohort",
            reason="No cohort's 90-day outcome window has closed.",
            until=Month(2027, 1),
            next_step="Wait for January; nothing is asked of you.",
        ),
        effect=None,
        relative=None,
        money=None,
        cohorts=(CohortEffect(month=Month(2026, 9), effect=None),),
        pending=412,
        figures=(),
        findings=(
            Finding(
                code="months-to-detect",
                severity=Severity.INFO,
                detail="At 60 renewals a month the effect takes 11 months to detect.",
                fix="pilotage design renewal-risk",
            ),
        ),
        spec_hash="77b01e93aa20c4de",
        evidence="31002..48188",
    )


def repairing() -> Review:
    """Return a use case whose delivery is broken; its metric is counted in hours."""
    return Review(
        use_case="rfp-response",
        title="Draft the first answer to every RFP question",
        owner="head-of-presales",
        mode=Mode.LIVE,
        month=MONTH,
        metric=Metric(
            name="hours_per_response",
            kind=MetricKind.DURATION,
            better=Better.LOWER,
            unit="hours",
            minimum_effect=-4.0,
            breakeven=-1.5,
        ),
        ruling=Ruling(
            verdict=Verdict.REPAIR,
            rule="adoption-below-line",
            reason="11% of the drafts shown were opened, below the 20% line; what people did"
            " open saved time.",
            until=Month(2026, 12),
            next_step="Move the draft from the portal into the deal room, then review again.",
        ),
        effect=effect(-2.31, 3.4, n=164, mean=31.62),
        relative=effect(-0.073, 0.108, kind=EffectKind.RELATIVE, n=164, mean=31.62),
        money=money(6100, -2950, 15150, Origin.DECLARED),
        cohorts=tuple(
            CohortEffect(month=Month(2026, 7).plus(i), effect=found)
            for i, found in enumerate(
                (None, effect(-0.8, 6.2, n=52, mean=31.0), effect(-3.4, 5.7, n=60, mean=32.1))
            )
        ),
        pending=38,
        figures=(
            Figure(
                label="Value of an hour",
                value="USD 95 cost avoided",
                origin=Origin.DECLARED,
                source="use-cases/rfp.yaml, outcome.value, typed 2026-05-02",
            ),
        ),
        findings=(
            Finding(
                code="sample-ratio-mismatch",
                severity=Severity.BLOCKS,
                detail="164 treated and 41 held out, where 50% each was planned (p < 0.001).",
                fix="pilotage check rfp-response --arms",
            ),
        ),
        spec_hash="12d90bb84c31f0aa",
        evidence="120..47011",
    )


def stopping() -> Review:
    """Return a use case that does harm, in money per deal."""
    return Review(
        use_case="next-best-action",
        title="Suggest the next step in every open deal",
        owner="cro",
        mode=Mode.REPLAY,
        month=MONTH,
        metric=Metric(
            name="margin_per_deal", kind=MetricKind.MEAN, better=Better.HIGHER, unit="USD"
        ),
        ruling=Ruling(
            verdict=Verdict.STOP,
            rule="harm",
            reason="Margin per deal fell by USD 410 against the holdout; the whole interval"
            " lies below zero.",
            until=None,
            next_step="Halt it with `pilotage halt next-best-action`; USD 12,000 a month is freed.",
        ),
        effect=effect(-412.3, 260.2, n=820, mean=8120.0),
        relative=None,
        money=money(-44510.2, -71900.0, -17120.4, Origin.ASSUMED),
        cohorts=tuple(
            CohortEffect(month=Month(2026, 8).plus(i), effect=effect(value, 480, n=410, mean=8120))
            for i, value in enumerate((-390.0, -434.0))
        ),
        pending=0,
        figures=(),
        findings=(),
        spec_hash="e01f7742cd95b388",
        evidence="5..48200",
    )


def programme(*reviews: Review, total: MoneyRange | None = None) -> ProgrammeReview:
    """Return a programme of these use cases, or of one a verdict."""
    return ProgrammeReview(
        programme="Northwind go-to-market",
        month=MONTH,
        reviews=reviews or (scaling(), holding(), repairing(), stopping()),
        checkpoint=CHECKPOINT,
        next_command="pilotage ledger verify --checkpoint review-2026-10.note",
        money=total,
    )
