"""May we? Policy, risk tiers, vendors, sign-offs, oversight, and the log that proves it."""
