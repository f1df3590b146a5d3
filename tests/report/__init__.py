"""The rendered review, and the example that its tests read."""
