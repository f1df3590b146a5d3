"""Hands that write into the user's own tools: one adapter a file, no decisions."""
