"""The registry of employees."""
