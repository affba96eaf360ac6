"""Webhooks: endpoints of other systems, to which changes are told in order and at least once."""
