"""`pilotage measure`: the effect in a finished experiment, from one scan of its table."""

from collections.abc import Sequence
from dataclasses import dataclass

import click
import numpy as np

from pilotage.cli.options import echo_json
from pilotage.data.comparison import Comparison
from pilotage.data.moments import arm_moments, cluster_moments, open_compared
from pilotage.data.tables import CustomerTable
from pilotage.domain.effect import Effect
from pilotage.domain.errors import SpecError
from pilotage.domain.finding import Finding, Severity
from pilotage.experiments.clusters import ClusterMoments, clustered_difference
from pilotage.experiments.difference import difference, difference_of_proportions
from pilotage.experiments.ratio_check import ArmCount, Stage, ratio_mismatch

CHANCE = 1
"""Seed of the draws where clusters are too many to enumerate: the same file, the same answer."""

REFUSED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a table says: the effect, or why there is none.

    Args:
        n_treatment: rows with an outcome.
        n_control: the same.
    """

    effect: Effect | None
    n_treatment: int
    n_control: int
    findings: tuple[Finding, ...]


@click.command("measure")
@click.argument("file")
@click.option("--arm", required=True, metavar="COLUMN", help="The column that names the arm.")
@click.option("--treatment", required=True, metavar="VALUE", help="The treated arm's value.")
@click.option("--control", required=True, metavar="VALUE", help="The value compared with.")
@click.option("--outcome", required=True, metavar="COLUMN", help="A number, or yes and no.")
@click.option("--covariate", metavar="COLUMN", help="A number from before the experiment (CUPED).")
@click.option("--cluster", metavar="COLUMN", help="What the arm was drawn for: rep, team, week.")
@click.option("--where", metavar="SQL", help="A condition on the rows to use.")
@click.option(
    "--holdout",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    metavar="SHARE",
    help="The control's designed share, to check that the arms are as large as drawn.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def command(
    file: str,
    arm: str,
    treatment: str,
    control: str,
    outcome: str,
    covariate: str | None,
    cluster: str | None,
    where: str | None,
    holdout: float | None,
    as_json: bool,
) -> int:
    """Measure the effect of TREATMENT against CONTROL in a table: CSV, Parquet or a database's.

    Shares are differences of shares: 0.018 is 1.8 points. Which value is the treatment is what
    you say, never a guess.
    """
    if covariate and cluster:
        raise SpecError(
            "--covariate and --cluster were given together; clustered effects are not adjusted.",
            fix="leave one of them out; --cluster where whole clusters were drawn",
        )
    comparison = Comparison(
        arm=arm,
        treatment=treatment,
        control=control,
        outcome=outcome,
        covariate=covariate,
        where=where,
    )
    table = open_compared(file, comparison, cluster=cluster)
    measured = measure(table, comparison, cluster=cluster, holdout=holdout)
    if as_json:
        echo_json(as_facts(measured))
    else:
        click.echo("\n".join(in_words(measured, comparison)))
    return 0 if measured.effect else REFUSED


def measure(
    table: CustomerTable, comparison: Comparison, *, cluster: str | None, holdout: float | None
) -> Measured:
    """Compare the arms by the method that fits how they were drawn."""
    sums = arm_moments(table, comparison)
    findings = [*sums.findings, *_ratio(sums.treatment.moments.n, sums.control.moments.n, holdout)]
    compared: Effect | Finding
    if cluster:
        clusters = cluster_moments(table, comparison, cluster=cluster)
        findings += _straddling(clusters.straddling, cluster)
        compared = _first_blocking(findings) or _clustered(clusters.moments)
    elif sums.proportion and not comparison.covariate:
        compared = difference_of_proportions(sums.treatment.moments, sums.control.moments)
    else:
        adjusted = comparison.covariate is not None
        compared = difference(sums.treatment.moments, sums.control.moments, covariate=adjusted)
    if isinstance(compared, Finding) and compared not in findings:
        findings.append(compared)
    usable = _first_blocking(findings) is None and isinstance(compared, Effect)
    return Measured(
        effect=compared if usable and isinstance(compared, Effect) else None,
        n_treatment=sums.treatment.moments.n,
        n_control=sums.control.moments.n,
        findings=tuple(findings),
    )


def as_facts(measured: Measured) -> dict[str, object]:
    """Return the answer for machines; `effect` and `p_value` are null where it is refused."""
    effect = measured.effect
    return {
        "effect": effect
        and {
            "estimate": effect.estimate,
            "low": effect.low,
            "high": effect.high,
            "kind": effect.kind.value,
            "method": effect.method,
        },
        "p_value": effect and effect.p_value,
        "n": {"treatment": measured.n_treatment, "control": measured.n_control},
        "findings": [
            {"code": f.code, "severity": f.severity.value, "detail": f.detail, "fix": f.fix}
            for f in measured.findings
        ],
    }


def in_words(measured: Measured, comparison: Comparison) -> list[str]:
    """Say what was found, then what weakens it."""
    effect = measured.effect
    lines = [f"{comparison.outcome}: {comparison.treatment} against {comparison.control}"]
    if effect is None:
        lines.append("  no effect can be given; see below")
    else:
        ends = f"[{effect.low:+.4f}, {effect.high:+.4f}]"
        lines += [
            f"  effect   {effect.estimate:+.4f} {ends}, absolute, {effect.level:.0%} interval",
            f"  p-value  {effect.p_value:.4g}",
            f"  method   {effect.method}",
        ]
    lines.append(
        f"  n        {measured.n_treatment:,} treated, {measured.n_control:,} compared with"
    )
    for finding in measured.findings:
        lines += [
            f"  {finding.severity}: {finding.detail} ({finding.code})",
            f"    fix: {finding.fix}",
        ]
    return lines


def _clustered(clusters: Sequence[ClusterMoments]) -> Effect | Finding:
    compared = clustered_difference(clusters, rng=np.random.default_rng(CHANCE))
    return compared if isinstance(compared, Finding) else compared.effect


def _ratio(treated: int, control: int, holdout: float | None) -> list[Finding]:
    if holdout is None:
        return []
    count = ArmCount(stage=Stage.OUTCOME_JOINED, treatment=treated, holdout=control)
    found = ratio_mismatch(count, share=holdout)
    return [found] if found else []


def _straddling(clusters: Sequence[str], column: str) -> list[Finding]:
    if not clusters:
        return []
    return [
        Finding(
            code="cluster-in-both-arms",
            severity=Severity.BLOCKS,
            detail=f"{len(clusters)} values of {column!r} have rows in both arms, such as"
            f" {clusters[0]!r}: arms were not drawn for whole clusters.",
            fix="leave --cluster out if each row has its own arm, or mend the arm column",
        )
    ]


def _first_blocking(findings: Sequence[Finding]) -> Finding | None:
    return next((one for one in findings if one.severity is Severity.BLOCKS), None)
