"""How employees can be reached, and who heads which work unit."""
