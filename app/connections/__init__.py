"""OAuth connections: consent, tokens at rest, and refreshes that are never replayed."""
