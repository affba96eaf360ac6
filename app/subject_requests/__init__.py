"""What people ask about their own data, and the clock of 3 x 24 hours that begins with it."""
