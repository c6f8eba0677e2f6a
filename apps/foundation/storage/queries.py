"""Reading files. Everything here runs inside `account_scope`."""

from __future__ import annotations

from pathlib import PurePosixPath

from apps.foundation.storage.addresses import FileAddress, sign
from apps.foundation.storage.models import FileState, StoredFile
from kazoo.environment import environment

#: Below the web process's address; see apps.interfaces.freeswitch.files.
SERVED_BELOW = "freeswitch/files/"


def find_file(file_id: str) -> StoredFile | None:
    """A file of the scope's account."""
    found: StoredFile | None = StoredFile.objects.filter(id=file_id).first()
    return found


def switch_url(file: StoredFile) -> str:
    """What a switch plays: `http://…/<signed token>.wav` (mod_http_cache fetches and keeps it).

    The address is the same for a week or two; what it leads to never changes.
    """
    return _address(file, FileAddress(file.account_id, file.id, "r"))


def upload_url(file: StoredFile) -> str:
    """Where a switch PUTs an awaited file."""
    return _address(file, FileAddress(file.account_id, file.id, "w"))


def is_stored(file_id: str) -> bool:
    return bool(StoredFile.objects.filter(id=file_id, state=FileState.STORED).exists())


def served_from() -> str:
    """The web process as the switches reach it, ending in a slash: loopback for the one beside us, else the public
    address."""
    return environment.public_url if environment.switch_kind == "external" else environment.local_url


def _address(file: StoredFile, address: FileAddress) -> str:
    return f"{served_from()}{SERVED_BELOW}{sign(address)}{PurePosixPath(file.path).suffix}"
