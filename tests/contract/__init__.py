"""The whole OpenAPI, tried by generated requests against the running service."""
