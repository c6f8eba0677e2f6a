"""The path of a file at its storage: a template, KAZOO's list of fields, or the house's own way.

Every path ends in something that names this file and no other, so that none is ever written over another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from apps.foundation.storage_plans.backend import BackendSettings, PathField

USUAL = "{account_id}/{year}/{month}/{kind}/{attachment}"
_WORD = re.compile(r"\{(\w+)\}")
#: What is kept of a value: letters, digits and a few signs that no storage and no URL stumbles over.
_UNSAFE = re.compile(r"[^\w.+@=-]+", re.ASCII)
#: Any of these makes a path this file's own.
_OWN = {"id", "attachment"}


def file_path(settings: BackendSettings, folder: str, known: Mapping[str, str]) -> str:
    """The path of the file of which `known` tells (`account_id`, `id`, `attachment`, `kind`, `year` …).

    A word that nothing is known of is left out.
    """
    if settings.field_list:
        made = settings.field_separator.join(filter(None, (_part(part, known) for part in settings.field_list)))
    else:
        made = _WORD.sub(lambda match: _safe(known.get(match[1], "")), settings.path_template or USUAL)
    whole = "/".join((settings.folder_base_path, folder, made))
    return "/".join(part for part in whole.split("/") if part.strip(" .")) or known["attachment"]


def names_the_file(settings: BackendSettings) -> bool:
    """Whether no two files can have the same path."""
    if settings.field_list:
        return _has_own(settings.field_list)
    return bool(_OWN & set(_WORD.findall(settings.path_template or USUAL)))


def _has_own(parts: Iterable[PathField]) -> bool:
    return any(part.arg in _OWN or part.field in _OWN or _has_own(part.group or ()) for part in parts)


def _part(part: PathField, known: Mapping[str, str]) -> str:
    if part.group:
        return "".join(_part(inner, known) for inner in part.group)
    if part.const is not None:
        return part.const
    return _safe(known.get(part.arg or part.field or "", ""))


def _safe(value: str) -> str:
    return _UNSAFE.sub("_", value).strip(".")[:128]
