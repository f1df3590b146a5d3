"""Experiments: did it work? Arms, estimates, checks and look plans, as pure functions."""
