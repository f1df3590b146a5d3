"""The worked starting point that `pilotage init` writes where there are no tables yet."""

STARTING_SOURCES = {"leads": "${data}/leads.csv", "replies": "${data}/replies.csv"}
"""The tables that the starting use case speaks of."""


def starting_use_case() -> str:
    """Return the text of a use case on two sample tables, open choices marked DECIDE."""
    return _TEXT


_TEXT = """\
# A use case: which inbound leads to call first. Replace each DECIDE, then: pilotage check
#
# It is read from two tables, one row a unit and one row an outcome:
#
#   leads.csv     lead_id,created_at,sdr_id,origin
#                 L-1041,2026-09-01T08:12:00Z,sdr-07,referral
#                 L-1042,2026-09-01T08:40:00Z,sdr-03,paid search
#
#   replies.csv   lead_id,replied_at
#                 L-1041,2026-09-03T14:05:00Z
#
# What is left out has a default, and `pilotage check` prints it as assumed.
use_case: inbound-lead-qualification
title: Call the inbound leads that will answer, first
owner: DECIDE            # the role that answers for the verdict, such as vp-sales-development

process:
  today: An SDR reads each inbound lead and decides whom to call first.
  unit: lead             # one row of `data.units.table`
  volume_per_month: DECIDE   # leads a month; 3000 at a 12 % reply rate show +15 % in 6 months
  shared_capacity: DECIDE    # true if leads wait for the same people to call them; else false

outcome:
  metric: reply_rate
  kind: proportion       # did it happen? For an amount: mean, and data.outcomes.value
  better: higher
  window: 14 days        # from assignment, with the AI and without
  minimum_effect: DECIDE # the smallest change worth having, such as {relative: 0.15}
  value: {amount: DECIDE, currency: USD, basis: gross_margin}   # of one more reply; ask finance

data:
  units: {table: leads, key: lead_id, at: created_at, owner: sdr_id, segment: origin}
  outcomes:
    table: replies
    key: lead_id
    at: replied_at
    complete_until: DECIDE   # the day up to which all replies have arrived, such as 2026-09-30

decide:
  rules:                 # the first that matches; the candidate every other must beat
    - {when: {origin: referral}, probability: 0.30, reason: Referrals answer most often.}
    - {when: {origin: [paid search, social]}, probability: 0.12, reason: They came by an ad.}
  otherwise: 0.08

experiment: {holdout: 0.2, strata: [origin], months: 6}   # one lead in five without the AI
"""
