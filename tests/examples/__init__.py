"""What the documents show, done against the service as it runs."""
