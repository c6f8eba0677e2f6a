"""Whose name, logo and colour a page carries: by the host it is asked at, else by the account that is signed in to."""

from typing import TypedDict

from django.http import HttpRequest
from django.urls import reverse

from apps.foundation.accounts.models import Account
from apps.foundation.white_label import queries
from apps.foundation.white_label.models import WhiteLabel


class BrandFacts(TypedDict):
    """`color` as `#rrggbb`, or empty for the product's own."""

    name: str
    logo_url: str
    color: str


PRODUCT = "Kazoo"


def brand_of(request: HttpRequest) -> BrandFacts:
    found = queries.white_label_for_host(request.META.get("HTTP_HOST", ""))
    account: Account | None = getattr(request, "login_account", None)
    if found is None and account is not None:
        found = queries.white_label_of(account)
    return brand_facts(found)


def brand_facts(white_label: WhiteLabel | None) -> BrandFacts:
    brand = queries.brand_of(white_label)
    if brand is None:
        return {"name": PRODUCT, "logo_url": "", "color": ""}
    # The stored name changes with every upload, so a browser may keep the image for good.
    logo = f"{reverse('portal:brand_logo', args=[brand.account_id])}?v={brand.logo[-12:]}" if brand.logo else ""
    return {"name": brand.name or PRODUCT, "logo_url": logo, "color": brand.color}
