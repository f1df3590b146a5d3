"""Declarations that the tests of this room write, as an author would."""

SHORT = """\
use_case: inbound-leads
owner: vp-sales
process: {unit: lead, volume_per_month: 3000}
outcome:
  metric: reply_rate
  kind: proportion
  value: {amount: 1500, currency: USD, basis: gross_margin}
data:
  units: {table: leads, key: lead_id, at: created_at}
  outcomes: {table: replies, key: lead_id, at: replied_at}
"""

FULL = """\
use_case: renewal-risk
title: See the renewals at risk ninety days before
owner: head-of-success
sponsor: cro
process:
  today: A manager reads the usage report of each account once a quarter.
  unit: renewal
  volume_per_month: 800
  minutes_per_unit: 25
  shared_capacity: true
outcome:
  metric: renewed_share
  kind: mean
  better: higher
  window: 3 weeks
  minimum_effect: {absolute: 0.02}
  value: {amount: 12000.50, currency: EUR, basis: cost_avoided, pnl_line: renewals,
          source: finance model 2026-08, approved_by: finance}
  leading: [{metric: days_to_first_call, kind: duration, better: lower}]
  guardrails: [{metric: discount_share, kind: ratio, better: lower,
                must_not_worsen_by: {relative: 0.05}}]
  baseline: {from: 2026-01, until: 2026-06}
data:
  contract: contracts/renewals.odcs.yaml
  units: {table: renewals, key: renewal_id, at: due_at, owner: csm_id, segment: region}
  outcomes: {table: signed, key: renewal_id, at: signed_at, value: share_kept,
             complete_until: 2026-10-31}
  critical: [completeness, text-quality]
decide:
  every: month
  candidates: [rules, language-model]
  bar: {metric: average_precision, above: rules, lower_bound: false}
  columns: [region, seats, logins]
  rules:
    - when: {region: [NO, SE], seats: {at_least: 50, below: 500}, trial: yes}
      probability: 0.4
      reason: Mid-sized Nordic accounts leave after a trial.
    - {when: {logins: 0}, probability: 0.6, reason: Nobody signs in.}
  otherwise: 0.1
oversight: {automatic_from: 0.9, ask_from: 0.5, sample: 0.1}
deliver:
  - {tool: crm, object: opportunity, fields: {ai_rank: rank, ai_reason: reason, ai_score: score}}
experiment: {holdout: 0.5, assign_by: csm_id, strata: [region], looks: monthly, months: 9,
             start: 2026-11-01}
governance: {data_classes: [contact_pii], regions: [EU, NO], autonomy: acts,
             affects_workers: true}
budget: {currency: EUR, data: 200000, governance: 50000, technology: 90000, change: 140000,
         run_per_month: 4000}
"""

PROGRAMME = """\
programme: revenue-2026
title: Revenue, 2026
timezone: Europe/Paris
currency: EUR
mode: live
record: postgresql+psycopg://pilotage@db/pilotage
sources: {leads: "${data}/leads.csv", replies: "${data}/replies.parquet"}
tools:
  crm: {kind: csv, folder: outbox}
  deals: {kind: table, url: postgresql://crm@db/crm}
people:
  ann: {roles: [cro, finance], key: ann+1a2b3c4d+AbCd}
use_cases: [use_cases/*.yaml, more/renewals.yaml]
"""
