"""Flat tables for Grafana's Infinity data source: the API's own answers, one row a line."""
