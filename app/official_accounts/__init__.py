"""Official accounts: those whose followers are counted."""
