"""Reminders: who is reminded of what, when, and what has become of each message."""
