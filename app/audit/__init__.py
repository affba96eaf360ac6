"""Who looked at whom and who changed what: recording looks, showing the trail, verifying it."""
