"""The OpenAPI document held to rules: it describes itself, and names things well."""
