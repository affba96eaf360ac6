"""Telling other systems what has changed: ids and kinds only, in an order that skips nothing."""
