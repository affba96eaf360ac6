"""The processes that work behind the API: pollers, job handlers, the scheduler."""
