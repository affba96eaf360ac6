"""What the web edge holds every request to."""
