"""Excuses that officers grant: from whom a campaign asks nothing, why, and for how long."""
