"""An employee's own side: what is kept of them, who has looked, and what they say to it."""
