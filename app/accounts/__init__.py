"""Accounts that employees declare."""
