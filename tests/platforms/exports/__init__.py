"""Tests of the readers of owners' data exports."""
