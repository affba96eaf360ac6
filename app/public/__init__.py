"""What anybody may ask: whether an account is a government's own, and what figures mean."""
