"""Keys of other systems: made, exchanged for new ones, revoked, and reported as leaked."""
