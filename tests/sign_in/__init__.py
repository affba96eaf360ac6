"""People who sign in: with a real OpenID provider, with forged tokens, with links and cookies."""
