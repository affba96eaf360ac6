"""SIMEDSOS: the registry of a government's social accounts, compliance and growth with evidence."""
