"""A simulated month: an invented government, its followers, and the service that watches them."""
