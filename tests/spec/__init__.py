"""Tests of what the customer writes."""
