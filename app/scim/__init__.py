"""Identity providers tell the registry who works where, by SCIM 2.0 (RFC 7643, RFC 7644)."""
