"""An employee's own side, and requests about people's own data."""
