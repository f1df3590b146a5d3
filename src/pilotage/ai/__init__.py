"""What do we suggest? Predictors, and the bake-off that picks the cheapest above the bar."""

from pilotage.ai.examples import Example, Split, time_split
from pilotage.ai.ranking import Ranking
from pilotage.ai.rules import MeasuredRule, RulePredictor, Wording, rule_predictor

__all__ = [
    "Example",
    "MeasuredRule",
    "Ranking",
    "RulePredictor",
    "Split",
    "Wording",
    "rule_predictor",
    "time_split",
]
