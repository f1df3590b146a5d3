"""Is it true, is it fast? The project's own measurements, each beside its limit.

`python -m pilotage.bench` lists them; docs/bench.md has the figures.
"""
