"""The figures of /metrics are what the API answers, and are absent where nothing is known."""
