"""Trying out the storages of an account: those its document names, and where each kind of file goes in the end."""

from __future__ import annotations

from typing import Any

from apps.foundation.accounts.scope import current_account_id
from apps.foundation.storage_plans.backend import BackendSettings
from apps.foundation.storage_plans.errors import BackendError
from apps.foundation.storage_plans.models import StorageHandler
from apps.foundation.storage_plans.probing import Probe, probe
from apps.foundation.storage_plans.queries import TYPES, open_backend, placement


def test_source(source_id: str) -> dict[str, Any]:
    """Every storage that a document names, by its key: what writing, reading and deleting came to."""
    rows = StorageHandler.objects.filter(source_id=source_id, retired=None).exclude(kind="link").order_by("key")
    return {row.key: _told(row, _probe(row)) for row in rows}


def test_kinds() -> dict[str, Any]:
    """Where files of each kind go, first and second choice, and whether they can be kept there. No handler: they stay
    in this installation."""
    results: dict[str, Probe] = {}
    told: dict[str, Any] = {}
    for kind in TYPES:
        choices = []
        for target in placement(kind).targets:
            row = target.handler
            results.setdefault(row.id, _probe(row))
            choices.append(_told(row, results[row.id]))
        told[kind] = choices
    return told


def _probe(row: StorageHandler) -> Probe:
    try:
        return probe(open_backend(row), BackendSettings.model_validate(row.settings), current_account_id())
    except BackendError as error:
        return Probe("write", str(error), error.status)


def _told(row: StorageHandler, result: Probe) -> dict[str, Any]:
    return {"name": row.name or row.key, "handler": row.kind, "inherited": row.account_id != current_account_id()} | (
        result.to_document()
    )
