"""Erasing what is kept of people who have left, while the numbers they were counted in stay."""
