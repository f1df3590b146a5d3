"""Nouns: what we are talking about. Frozen values, standard library only."""
