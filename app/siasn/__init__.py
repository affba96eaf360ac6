"""SIASN of BKN, the national registry of civil servants: asking it, and comparing with it."""
