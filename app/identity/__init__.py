"""Tenants, callers and what each may do."""
