"""Memory: the record, the ledger and the vault; the same on SQLite and PostgreSQL."""
