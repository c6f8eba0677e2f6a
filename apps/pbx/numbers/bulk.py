"""Several numbers in one request: all of them or none."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import transaction

from apps.foundation.crossbar.errors import ApiError
from apps.pbx.numbers.documents import to_document
from apps.pbx.numbers.errors import NumberRefused
from apps.pbx.numbers.models import PhoneNumber


class SomeRefused(ApiError):
    """400: nothing was changed; `data` says for each refused number why."""

    identifier = "client error"


@transaction.atomic
def for_each(numbers: Sequence[str], change: Callable[[str], PhoneNumber]) -> dict[str, Any]:
    """`{"success": {number: document}}`. Raises SomeRefused, after every number was tried."""
    done: dict[str, Any] = {}
    refused: dict[str, Any] = {}
    for text in dict.fromkeys(numbers):
        try:
            with transaction.atomic():
                row = change(text)
                done[row.number] = to_document(row)
        except NumberRefused as problem:
            refused[text] = problem.data
    if refused:
        raise SomeRefused(refused)
    return {"success": done}
