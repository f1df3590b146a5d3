"""Contract: what the customer writes, loaded and refused with file, line, key and fix."""
