"""Webhooks against a real receiver: signed, in order, at least once, and never into our network."""
