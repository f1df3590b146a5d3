"""Pilotage: take AI use cases from pilot to a number on the P&L that anyone can check."""

__version__ = "0.1.0"
