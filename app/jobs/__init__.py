"""Job kinds, the queue in PostgreSQL and the cron table."""
