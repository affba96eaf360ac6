"""People who sign in with the identity provider of their government: tokens, sessions, pages."""
