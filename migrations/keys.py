"""What a migration says that needs keys and was given none."""


class RegistryKeysNeeded(Exception):
    """The registry holds NIPs, which are stored encrypted from this release on.

    Set SIMEDSOS_REGISTRY_KEYS (name:base64 of 32 bytes) and SIMEDSOS_LOOKUP_KEY (base64 of 32
    bytes), keep both for good, and migrate again; nothing was changed.
    """

    def __init__(self) -> None:
        super().__init__(" ".join((self.__doc__ or "").split()))
