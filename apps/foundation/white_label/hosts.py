"""Requests for a reseller's own domain: accepted because its white label names it, not because a setting lists it."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port, validate_host
from django.http.response import HttpResponseBase

from apps.foundation.white_label.models import WhiteLabel

#: How long a process knows the domains before it reads them again; an unknown host costs no query. Seconds.
REMEMBERED = 10.0


class _Domains:
    def __init__(self) -> None:
        self._known: frozenset[str] = frozenset()
        self._until = 0.0

    def __contains__(self, domain: str) -> bool:
        moment = time.monotonic()
        if moment >= self._until:
            rows = WhiteLabel.objects.filter(domain__isnull=False).values_list("domain", flat=True)
            self._known, self._until = frozenset(filter(None, rows)), moment + REMEMBERED
        return domain in self._known

    def forget(self) -> None:
        self._until = 0.0


_domains = _Domains()


def forget_domains() -> None:
    """Read them again for the next request of this process; others follow within `REMEMBERED` seconds."""
    _domains.forget()


def accept_white_label_hosts(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware before any that asks for the host. Hosts nobody knows are refused by Django as ever (400)."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        host = str(request.META.get("HTTP_HOST", ""))
        domain, _port = split_domain_port(host)
        if domain and not validate_host(domain, settings.ALLOWED_HOSTS) and domain in _domains:
            vars(request)["get_host"] = lambda: host
        return get_response(request)

    return middleware
