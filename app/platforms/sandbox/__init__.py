"""A local server that speaks the platforms' own wire formats, for the demo and for tests."""
