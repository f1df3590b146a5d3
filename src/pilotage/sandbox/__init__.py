"""How would it go? A simulated company whose true effects are known; it generates and reacts."""

from pilotage.sandbox.company import Company
from pilotage.sandbox.declarations import programme
from pilotage.sandbox.delivered import Delivered
from pilotage.sandbox.mess import MESS, Mess
from pilotage.sandbox.world import Motion, Scenario, World

__all__ = ["MESS", "Company", "Delivered", "Mess", "Motion", "Scenario", "World", "programme"]
