"""What can be wrong with a file."""


class StorageError(Exception):
    """The base of them."""


class FileTooLarge(StorageError):
    """More bytes than are taken. `limit` in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} bytes")
        self.limit = limit


class NotStored(StorageError):
    """The file's bytes are not here: it is still awaited, or its storage lost it."""


class DamagedFile(StorageError):
    """What the storage holds is not what was given to it."""


class BadFileAddress(StorageError):
    """A signed address that is forged, cut, or too old."""
