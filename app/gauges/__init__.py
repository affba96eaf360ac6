"""Figures of governments and of the installation, as Prometheus is told them."""
