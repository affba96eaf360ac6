"""The Helm chart, checked in an environment of its own."""
