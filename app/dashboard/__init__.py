"""The dashboard: pages for people, which ask the same API as every other system."""
