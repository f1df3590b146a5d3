"""Synthetic leads, the same for the same seed, and the use case that calls the best ones first."""

from datetime import UTC, datetime
from pathlib import Path

from pilotage.data.engine import execute
from pilotage.opening import PROGRAMME_FILE, Opened, open_programme

SEED = 20_261_123

RECORD = "sqlite:///.pilotage/record.sqlite"
"""Where a programme keeps its record by default."""

START = datetime(2026, 1, 1, tzinfo=UTC)
MONTHS = 3
"""Over which the leads arrive."""

AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
"""All windows have closed by then."""

HISTORY = 12_000
"""Leads before the start, over three months: enough for rules to be measured on."""

PROGRAMME = """\
programme: bench
mode: replay
record: {record}
sources: {{leads: leads.csv, replies: replies.csv}}
tools: {{crm: {{kind: table, url: "sqlite:///crm.sqlite"}}}}
"""

USE_CASE = """\
use_case: lead-qualification
owner: vp-sales-development
process: {unit: lead, volume_per_month: 3000}
outcome:
  metric: reply_rate
  kind: proportion
  window: 14 days
  minimum_effect: {relative: 0.15}
  value: {amount: 600, currency: USD, basis: gross_margin}
data:
  units: {table: leads, key: lead_id, at: created_at, segment: origin}
  outcomes: {table: replies, key: lead_id, at: replied_at, complete_until: loaded_at}
decide:
  candidates: [rules]
  rules:
    - {when: {origin: referral}, probability: 0.30, reason: came by referral}
    - {when: {employees: {at_least: 200}}, probability: 0.20, reason: more than 200 employees}
  otherwise: 0.1
oversight: {automatic_from: 0.5, ask_from: 0.5, sample: 0.05}
deliver: [{tool: crm, object: lead, fields: {ai_priority: rank, ai_reason: reason}}]
experiment: {holdout: 0.2, start: 2026-01-01, months: 3}
"""

_DRAWN = """
    CREATE OR REPLACE TABLE drawn AS
    SELECT
        format('L-{{:08d}}', i) AS lead_id,
        arrived AS created_at,
        ['web', 'event', 'referral', 'outbound', 'chat'][(1 + hash(i, 1, {seed}) % 5)::BIGINT]
            AS origin,
        1 + hash(i, 2, {seed}) % 500 AS employees,
        (hash(i, 3, {seed}) % 1000) / 1000.0 AS luck,
        to_seconds((hash(i, 4, {seed}) % 864000)::BIGINT) AS wait
    FROM (
        SELECT range AS i, TIMESTAMP '2025-10-01' + to_microseconds(
            (range * 7948800000000 // {history})::BIGINT) AS arrived
        FROM range({history})
        UNION ALL
        SELECT {history} + range, TIMESTAMP '2026-01-01' + to_microseconds(
            (range * 7776000000000.0 / {units})::BIGINT)
        FROM range({units})
    )
"""
_LEADS = """
    COPY (SELECT lead_id, created_at, origin, employees FROM drawn ORDER BY lead_id)
    TO '{folder}/leads.csv' (HEADER)
"""
_REPLIES = """
    COPY (
        SELECT lead_id, created_at + wait AS replied_at, '2026-05-01' AS loaded_at
        FROM drawn
        WHERE luck < CASE WHEN origin = 'referral' THEN 0.3
                          WHEN employees >= 200 THEN 0.2 ELSE 0.1 END
        ORDER BY lead_id
    ) TO '{folder}/replies.csv' (HEADER)
"""


def write_programme(folder: Path, *, units: int, record: str, seed: int = SEED) -> None:
    """Write a programme with so many leads to decide, and a history before them.

    Args:
        folder: an empty one.
        units: leads that arrive after the start.
        record: URL of the database.
    """
    (folder / "use_cases").mkdir(parents=True)
    (folder / PROGRAMME_FILE).write_text(PROGRAMME.format(record=record))
    (folder / "use_cases" / "leads.yaml").write_text(USE_CASE)
    execute(_DRAWN.format(units=units, history=HISTORY, seed=seed))
    execute(_LEADS.format(folder=folder))
    execute(_REPLIES.format(folder=folder))
    execute("DROP TABLE drawn")


def open_synthetic(folder: Path) -> Opened:
    """Open what `write_programme` wrote."""
    return open_programme(folder)
