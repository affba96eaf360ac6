"""What every room uses and no room owns: database, errors, clock, paging, web, logs, metrics."""
