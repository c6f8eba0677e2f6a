"""Directories in the API."""

from __future__ import annotations

from typing import Any

from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.resource import AccountResource, Actions
from apps.foundation.identity.principal import Role
from apps.pbx.directories.actions import create_directory, delete_directory, replace_directory
from apps.pbx.directories.documents import DirectoryDocument
from apps.pbx.directories.models import Directory
from apps.pbx.directories.queries import entries_of


class DirectoryResource(AccountResource):
    """People a caller finds by spelling their names on the keys.

    A user is in a directory by its id in his own `directories`, with the callflow a call for him goes to, or by his id
    in the directory's `users`; then his devices ring.
    """

    path, model, shape = "directories", Directory, DirectoryDocument
    summary = ("id", "name", "flags")
    actions = Actions(create=create_directory, replace=replace_directory, delete=delete_directory)
    access = Access(read=Role.ACCOUNT_ADMIN, write=Role.ACCOUNT_ADMIN)
    example = {"name": "Company", "search_fields": "both", "sort_by": "last_name", "min_dtmf": 3}

    def document(self, instance: Directory) -> dict[str, Any]:
        users = [
            {"user_id": entry.user_id} | ({"callflow_id": entry.callflow_id} if entry.callflow_id else {})
            for entry in entries_of(instance)
        ]
        return {**instance.to_document(), "users": users}
