"""The simulated company's declarations: pilotage.yaml and its use cases, as their authors write."""

from pilotage.sandbox.world import Motion, Scenario, World

PROGRAMME = """\
# A simulated company: invented people, known true effects (docs/sandbox.md).
programme: sandbox
title: A simulated company
timezone: UTC
currency: USD
mode: live
sources:
  leads: data/leads.csv
  replies: data/replies.csv
  renewals: data/renewals.csv
  renewed: data/renewed.csv
  accounts: data/accounts.csv
tools:
  crm: {kind: csv, folder: crm}
use_cases: [use_cases/*.yaml]
"""

LEADS = """\
use_case: inbound-lead-qualification
title: Call the inbound leads that will answer, first
owner: vp-sales-development
sponsor: cro

process:
  today: An SDR reads each inbound lead and decides whom to call first.
  unit: lead
  volume_per_month: 3000
  minutes_per_unit: 12
  shared_capacity: {shared_capacity}

outcome:
  metric: reply_rate
  kind: proportion
  better: higher
  window: 14 days
  minimum_effect: {{relative: 0.15}}
  value: {{amount: 600, currency: USD, basis: gross_margin, pnl_line: new-business,
          source: "finance model: 4 % of replies buy, at 15,000 USD", approved_by: finance}}

data:
  units: {{table: leads, key: lead_id, at: created_at, owner: sdr_id, segment: origin}}
  outcomes: {{table: replies, key: lead_id, at: replied_at, complete_until: loaded_at}}
  critical: [completeness, freshness, linkage]

decide:
  every: once
  candidates: [rules, tabular]
  bar: {{metric: average_precision, above: rules, lower_bound: true}}
  columns: [origin, country, employees, job_title, message, landing_page]
  rules:
    - when: {{job_title: [Student, Intern, Freelancer]}}
      probability: 0.04
      reason: Students, interns and freelancers seldom buy.
    - when: {{landing_page: /careers}}
      probability: 0.05
      reason: Came from the careers page.
    - when: {{origin: [referral, partner]}}
      probability: 0.22
      reason: Sent by somebody who knows us.
    - when: {{landing_page: [/pricing, /demo], employees: {{at_least: 50}}}}
      probability: 0.22
      reason: Looked at prices or the demo, and is large enough.
  otherwise: 0.10

oversight: {{automatic_from: 0.50, ask_from: 0.50, sample: 0.05}}

deliver:
  - {{tool: crm, object: leads, fields: {{ai_priority: rank, ai_reason: reason}}}}

experiment: {{holdout: {holdout}, assign_by: {assign_by}, {strata}looks: monthly, months: 6,
             start: {start}}}

governance: {{data_classes: [contact_pii], regions: [EU, US], autonomy: suggests}}

budget: {{currency: USD, data: 330000, governance: 60000, technology: 120000, change: 190000,
         run_per_month: 9000}}
"""

RENEWALS = """\
use_case: renewal-risk-flagging
title: Call the accounts that may not renew, in time
owner: vp-customer-success
sponsor: cro

process:
  today: A CSM looks through the renewals of the coming months and calls those that seem at risk.
  unit: renewal
  volume_per_month: 900
  minutes_per_unit: 25
  shared_capacity: {shared_capacity}

outcome:
  metric: renewal_rate
  kind: proportion
  better: higher
  window: 28 days
  minimum_effect: {{absolute: 0.04}}
  value: {{amount: 600, currency: USD, basis: gross_margin, pnl_line: renewals,
          source: "finance model: margin of a median contract", approved_by: finance}}

data:
  units: {{table: renewals, key: renewal_id, at: opened_at, owner: csm_id, segment: plan}}
  outcomes: {{table: renewed, key: renewal_id, at: renewed_at, complete_until: loaded_at}}
  critical: [completeness, freshness, linkage]

decide:
  every: once
  candidates: [rules]
  columns: [months_to_renewal, seats, plan, contract_value_usd, logins_90d, tickets_90d,
            seats_used_share, nps, tenure_months]
  rules:
    - when: {{seats_used_share: {{below: 0.35}}}}
      probability: 0.55
      reason: Under a third of the seats are used.
    - when: {{tickets_90d: {{at_least: 6}}}}
      probability: 0.68
      reason: Six or more tickets in 90 days.
    - when: {{nps: {{below: 5}}}}
      probability: 0.66
      reason: Would not recommend us.
    - when: {{seats_used_share: {{at_least: 0.80}}}}
      probability: 0.89
      reason: Most seats are used.
  otherwise: 0.80

oversight: {{automatic_from: 0.50, ask_from: 0.50, sample: 0.05}}

deliver:
  - {{tool: crm, object: renewals, fields: {{ai_renewal_chance: score, ai_reason: reason}}}}

experiment: {{holdout: 0.5, assign_by: {assign_by}, looks: monthly, months: 6,
             start: {start}}}

governance: {{data_classes: [usage], regions: [EU, US], autonomy: suggests}}

budget: {{currency: USD, data: 260000, governance: 50000, technology: 100000, change: 155000,
         run_per_month: 9000}}
"""


def programme(world: World) -> dict[str, str]:
    """Return the company's declarations: path below the programme's folder, to YAML text.

    Where the world displaces, the authors say so: capacity is shared, and arms are by rep.
    """
    start = world.start.start().date()
    displaced = {motion: world.scenario(motion) is Scenario.DISPLACEMENT for motion in Motion}
    by_rep = displaced[Motion.LEADS]
    return {
        "pilotage.yaml": PROGRAMME,
        f"use_cases/{Motion.LEADS}.yaml": LEADS.format(
            start=start,
            shared_capacity=str(by_rep).lower(),
            holdout=0.5 if by_rep else 0.2,
            assign_by="sdr_id" if by_rep else "lead",
            strata="" if by_rep else "strata: [origin], ",
        ),
        f"use_cases/{Motion.RENEWALS}.yaml": RENEWALS.format(
            start=start,
            shared_capacity=str(displaced[Motion.RENEWALS]).lower(),
            assign_by="csm_id" if displaced[Motion.RENEWALS] else "renewal",
        ),
    }
