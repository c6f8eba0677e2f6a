"""The portal's addresses, read from the URL patterns so that a new page cannot be forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, reverse

from apps.interfaces.portal import urls
from tests.integration.interfaces.portal.conftest import Furnished

#: Pages about accounts below: an administrator of a customer gets 403.
RESELLERS_ONLY = (
    "act_as", "branding", "customers", "customer", "customer_create", "customer_edit", "customer_delete",
)  # fmt: skip
#: Of these, the ones that name an account below the viewed one.
ABOUT_CUSTOMERS = ("customer", "customer_edit", "customer_delete")
#: Addresses that only take a POST.
POST_ONLY = ("act_as", "call_hangup", "device_sync")
#: The argument each name takes after the account, and what it is called in `Furnished`.
ARGUMENTS = {
    "person_id": lambda there: there.bob.id,
    "device_id": lambda there: there.device.id,
    "ring_group_id": lambda there: there.ring_group.id,
    "flow_id": lambda there: there.flow.id,
    "number_id": lambda there: there.number.number,
    "interaction_id": lambda there: there.interaction_id,
    "call_id": lambda there: there.call_id,
    "customer_id": lambda there: there.account.id,
    "carrier_id": lambda there: there.carrier_id,
}


def patterns() -> Iterator[tuple[str, tuple[str, ...], Any]]:
    """Name, arguments and view of every address of the portal."""

    def walk(
        found: list[URLPattern | URLResolver], before: tuple[str, ...]
    ) -> Iterator[tuple[str, tuple[str, ...], Any]]:
        for pattern in found:
            arguments = (*before, *pattern.pattern.converters)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, arguments)
            else:
                yield str(pattern.name), arguments, pattern.callback

    yield from walk(urls.urlpatterns, ())


def account_pages(method: str = "") -> list[str]:
    """Names of the addresses about an account; with GET only those that are read."""
    names = [name for name, arguments, _view in patterns() if "account_id" in arguments and name != "brand_logo"]
    return [name for name in names if method != "GET" or name not in POST_ONLY]


def fill(name: str, there: Furnished, viewed: str = "") -> str:
    """The address of a page about something `there`; `viewed` is another account to look from."""
    arguments = next(arguments for known, arguments, _view in patterns() if known == name)
    account_id = viewed or (there.above_id if name in ABOUT_CUSTOMERS else there.account.id)
    values = {argument: ARGUMENTS[argument](there) for argument in arguments if argument != "account_id"}
    query = "?action=add&path=root" if name == "flow_node" else ""
    return reverse(f"portal:{name}", kwargs={"account_id": account_id} | values) + query
