"""The append-only record of changes: audit now, feed for other systems later."""
