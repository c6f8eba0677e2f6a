"""Secrets made once and kept in `$KAZOO_HOME/secrets.json`, mode 600."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from kazoo.variables import ConfigurationError


@dataclass(frozen=True)
class Secrets:
    """`encryption_key` is a Fernet key; the others are url-safe text that needs no quoting in a URL or a file."""

    secret_key: str
    encryption_key: str
    node_secret: str
    esl_password: str
    database_password: str
    valkey_password: str


def load_or_create_secrets(home: Path) -> Secrets:
    """Read the secrets of `home`, making them first if there are none. Two processes that start at once agree.

    Raises ConfigurationError when the file cannot be read, written or understood.
    """
    path = home / "secrets.json"
    try:
        if not path.exists():
            prepare_home(home)
            _create(path)
        values = json.loads(path.read_text())
        return Secrets(**{field.name: str(values[field.name]) for field in fields(Secrets)})
    except OSError as error:
        raise ConfigurationError(
            f"KAZOO_HOME={home} cannot be used: {error.strerror} ({error.filename}).\n"
            "  Example: KAZOO_HOME=/var/lib/kazoo, owned by the user who starts the system"
        )
    except (ValueError, KeyError, TypeError):
        raise ConfigurationError(
            f"{path} is damaged. Restore it from a backup: without it, encrypted SIP passwords cannot be read.\n"
            "  To begin again with an empty system, remove KAZOO_HOME as a whole."
        )


def prepare_home(home: Path) -> None:
    """Make the folder. As root others may pass through it (not list it), for PostgreSQL runs as another user."""
    if not home.exists():
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o711 if os.geteuid() == 0 else 0o700)


def _create(path: Path) -> None:
    from cryptography.fernet import Fernet

    made = Secrets(
        secret_key=secrets.token_urlsafe(48),
        encryption_key=Fernet.generate_key().decode(),
        node_secret=secrets.token_urlsafe(32),
        esl_password=secrets.token_hex(16),
        database_password=secrets.token_hex(16),
        valkey_password=secrets.token_hex(16),
    )
    draft = path.with_name(f".secrets.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(made), file, indent=2)
    try:
        os.link(draft, path)  # unlike a rename, a link never replaces what another process has just made
    except FileExistsError:
        pass
    finally:
        draft.unlink()
