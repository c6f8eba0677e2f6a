"""The contact list in the API."""

from __future__ import annotations

from typing import Any

from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.answers import Rows
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import AccountResource
from apps.foundation.identity.principal import Role
from apps.pbx.contact_list.queries import contacts


class ContactListResource(AccountResource):
    """Whom the account's phones can call: names with their extension and their number from outside.

    Each callflow with a number is an entry, named after the user or device it rings. `contact_list.exclude` on the
    callflow, the user or the device leaves it out. People outside come from lists with the `list_type` `contact_list`.
    """

    path = "contact_list"
    access = Access(read=Role.USER)

    def list(self, request: ApiRequest) -> Any:
        """Everybody, by name."""
        return Rows(contacts())
