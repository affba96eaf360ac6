"""Campaigns: legal basis, frozen cohort, duties, window, expected gain; and growth."""
