"""The Dockerfile followed step by step where no container engine runs: `python -m tests.image`."""
