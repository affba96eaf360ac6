"""Tests of SIASN: reading its answers, asking it, and comparing the registry with it."""
