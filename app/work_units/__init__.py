"""The tree of work units (OPD)."""
