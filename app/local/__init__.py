"""Running everything on one machine: embedded PostgreSQL, supervisor, demo."""
