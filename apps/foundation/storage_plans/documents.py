"""What a storage document and a storage plan look like. Source: KAZOO's `storage` schemas."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from apps.foundation.documents.shape import Shape

#: What is shown in the place of a secret; sent back, it leaves the secret as it is.
MASK = "********"
#: The handler of files that stay in this installation.
HERE = "local"

HandlerKey = Annotated[str, Field(pattern="^[a-z0-9_-]{1,64}$")]


class HandlerDocument(Shape):
    """One storage: its kind, and how it is reached."""

    handler: str = Field(
        description="The kind of storage: `local`, `s3`, `azure`, `google_storage`, `google_drive`, `onedrive`, "
        "`dropbox`, `ftp`, `sftp`, `http` or `link`."
    )
    name: str | None = Field(None, max_length=128, description="What people call it.")
    settings: dict[str, Any] = Field(
        default_factory=dict, description="How it is reached, by its kind. Secrets are shown as `********`."
    )
    shared: bool = Field(False, description="Whether accounts below may link to it.")


class PathParameters(Shape):
    folder_path: str = Field("", max_length=255, description="A folder for files of this kind.")


class AttachmentRule(Shape):
    """Where files of a kind go."""

    handler: str = Field(description="A key of `attachments`, or `local`: they stay in this installation.")
    fallback: str | None = Field(None, description="The second choice, while the first one cannot be used.")
    params: PathParameters = Field(default_factory=PathParameters)
    retention_days: int | None = Field(
        None, ge=1, le=36500, description="Days after which files of this kind are removed. Empty: they are kept."
    )


class DocumentRule(Shape):
    attachments: AttachmentRule | None = Field(None, description="Where the files of this type go.")


class DatabaseRule(Shape):
    """KAZOO's class of database: `modb` holds what months bring, `account` what is configured."""

    attachments: AttachmentRule | None = Field(None, description="Where files go whose type says nothing else.")
    types: dict[str, DocumentRule] = Field(
        default_factory=dict,
        description="By type: `call_recording`, `mailbox_message`, `fax` and `cdr` of `modb`; `media` and `greeting` "
        "of `account`.",
    )


class PlanMap(Shape):
    """Which kind of file goes where."""

    modb: DatabaseRule | None = Field(None, description="Recordings, messages, faxes, archived call records.")
    account: DatabaseRule | None = Field(None, description="Media and greetings.")
    aggregate: DatabaseRule | None = Field(None, description="Accepted for KAZOO's sake.")
    system: DatabaseRule | None = Field(None, description="Accepted for KAZOO's sake.")


class LegalHold(Shape):
    """Nothing is removed, whoever deletes it and however old it is."""

    enabled: bool = Field(True, description="Whether it holds.")
    kinds: list[str] = Field(
        default_factory=list,
        description="Which kinds of files: `recording`, `voicemail`, `fax`, `media`, `greeting`, `cdr`. Empty: all.",
    )
    reason: str | None = Field(None, max_length=512, description="Why, for whoever wonders.")


class StorageDocument(Shape):
    """Where an account's files are kept. What it does not say is said by the account above."""

    attachments: dict[HandlerKey, HandlerDocument] = Field(
        default_factory=dict, max_length=64, description="The storages, by keys of your own (KAZOO: 32 hex digits)."
    )
    plan: PlanMap | None = Field(None, description="Which kind of file goes where.")
    plan_id: str | None = Field(
        None,
        pattern="^[0-9a-f]{32}$",
        description="A storage plan of this account or of one above: what is not said here is as that plan says.",
    )
    legal_hold: LegalHold | None = Field(
        None, description="Keep all files of this account and of those below it, deleted ones too, until it is lifted."
    )
    connections: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="Only `local`: documents are in this installation's database."
    )


class StoragePlanDocument(StorageDocument):
    """A named storage document, to be used by several accounts."""

    name: str = Field(min_length=1, max_length=128, description="What people call it.")
