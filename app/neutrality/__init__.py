"""Neutrality: when the accounts of persons are paused, and why."""
