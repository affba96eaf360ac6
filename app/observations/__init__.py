"""What was seen: count snapshots, follower lists, follows; append-only."""
