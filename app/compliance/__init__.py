"""Verdicts: what is known of one employee for one duty, with evidence."""
