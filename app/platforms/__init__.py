"""Adapters to social platforms: they ask and parse, they never touch the database."""
