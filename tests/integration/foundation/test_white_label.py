"""White label: inherited down the tree, found by host, its domain unique, its images really images."""

from __future__ import annotations

import pytest
from django.core.files.storage import default_storage
from pydantic import ValidationError

from apps.foundation.accounts.actions import delete_account, demote_reseller, promote_to_reseller
from apps.foundation.accounts.models import Account
from apps.foundation.tenants.models import Domain
from apps.foundation.white_label.actions import delete_white_label, replace_white_label, store_image
from apps.foundation.white_label.errors import WhiteLabelError
from apps.foundation.white_label.images import MAXIMUM_BYTES, content_type
from apps.foundation.white_label.models import WhiteLabel
from apps.foundation.white_label.queries import brand_of, white_label_for_host, white_label_of
from tests.cast import Tree

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
BRAND = {"company_name": "Northwind", "domain": "Phone.Northwind.TEST", "color": "#0f766e", "x": {"kept": True}}


def test_customers_see_their_reseller_s_brand(tree: Tree) -> None:
    replace_white_label(tree.north, BRAND, tree.principal)
    found = white_label_of(tree.branch)
    assert found is not None
    assert found.account_id == tree.north.id
    assert found.to_document()["x"] == {"kept": True}
    assert white_label_of(tree.harbour) is None
    replace_white_label(tree.bakery, {"company_name": "Bakery"}, tree.principal)
    brand = brand_of(white_label_of(tree.branch))
    assert brand is not None
    assert brand.name == "Bakery"


@pytest.mark.parametrize("host", ["phone.northwind.test", "PHONE.northwind.test:8000"])
def test_a_visitor_is_known_by_the_host(tree: Tree, host: str) -> None:
    replace_white_label(tree.north, BRAND, tree.principal)
    found = white_label_for_host(host)
    assert found is not None
    assert found.account_id == tree.north.id
    assert white_label_for_host("127.0.0.1:8000") is None


def test_a_domain_has_one_owner(tree: Tree) -> None:
    replace_white_label(tree.north, BRAND, tree.principal)
    with pytest.raises(WhiteLabelError) as caught:
        replace_white_label(tree.south, BRAND, tree.principal)
    assert (caught.value.field, caught.value.rule) == ("domain", "unique")
    replace_white_label(tree.north, {"company_name": "Northwind"}, tree.principal)
    replace_white_label(tree.south, BRAND, tree.principal)
    assert Domain.objects.get().tenant_id == tree.south.tenant_id


@pytest.mark.parametrize("document", [{"domain": "no domain"}, {"color": "red"}, {"domain": "http://x.test/"}])
def test_wrong_values_are_refused(tree: Tree, document: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        replace_white_label(tree.north, document, tree.principal)


def test_images_are_kept_replaced_and_removed(
    tree: Tree, django_capture_on_commit_callbacks: object, settings: object, tmp_path: object
) -> None:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]
    first = store_image(tree.north, "logo", PNG, tree.principal).logo
    assert first.startswith(f"accounts/{tree.north.id}/")
    assert content_type(first) == "image/png"
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        second = store_image(tree.north, "logo", b"\xff\xd8\xff" + b"\0" * 9, tree.principal).logo
    assert not default_storage.exists(first)
    assert default_storage.exists(second)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        delete_white_label(tree.north, tree.principal)
    assert not default_storage.exists(second)
    assert not WhiteLabel.objects.exists()


@pytest.mark.parametrize("content", [b"<svg onload=alert(1)>", b"", b"GIF", PNG + b"\0" * MAXIMUM_BYTES])
def test_what_is_no_small_image_is_refused(tree: Tree, content: bytes) -> None:
    with pytest.raises(WhiteLabelError):
        store_image(tree.north, "icon", content, tree.principal)
    assert not WhiteLabel.objects.exists()


def test_the_domain_follows_the_account(tree: Tree) -> None:
    replace_white_label(tree.bakery, BRAND, tree.principal)
    promote_to_reseller(tree.bakery, tree.principal)
    account = Account.objects.get(id=tree.bakery.id)
    assert Domain.objects.get().tenant_id == account.tenant_id != tree.north.tenant_id
    demote_reseller(account, tree.principal)
    assert Domain.objects.get().tenant_id == tree.north.tenant_id


def test_nothing_is_left_of_a_removed_account(tree: Tree) -> None:
    replace_white_label(tree.clinic, BRAND, tree.principal)
    delete_account(tree.clinic, tree.principal, hard=True)
    assert not WhiteLabel.objects.exists()
    assert not Domain.objects.exists()
