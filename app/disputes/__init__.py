"""Due process: notice, time to reply, dispute, and the decision of a named officer."""
