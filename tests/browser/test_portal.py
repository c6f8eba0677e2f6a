"""The portal in a real browser: the main ways through it, both themes, both languages, and a telephone's width."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.company import Company

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
Visit = Callable[..., Visitor]

PAGES = (
    "", "people", "devices", "ring-groups", "numbers", "flows", "live", "calls", "carriers", "limits", "api-key",
    "people/new", "devices/new", "ring-groups/new", "flows/new",
)  # fmt: skip
#: A phone of the narrowest kind still sold.
NARROW = 360


def test_a_person_and_her_phone(visit: Visit, company: Company) -> None:
    visitor = visit()
    page = visitor.page
    visitor.sign_in("alice", "bakery.test")
    visitor.picture("home")
    page.get_by_role("link", name="People", exact=True).first.click()
    page.get_by_role("link", name="Add person").click()
    page.get_by_label("First name").fill("Nina")
    page.get_by_label("Last name").fill("Castillo")
    page.get_by_label("Extension").fill("1020")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Nina Castillo")).to_be_visible()
    expect(page.get_by_text("The person was added.")).to_be_visible()
    page.get_by_role("link", name="Add", exact=True).click()
    page.get_by_label("Name", exact=True).fill("Nina's phone")
    expect(page.get_by_label("Person", exact=True)).to_have_value(re.compile(r"[0-9a-f]{32}"))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Nina's phone")).to_be_visible()
    page.get_by_role("button", name="Show: Password").click()
    expect(page.locator("#sip-password")).not_to_have_text("••••••••••••")
    visitor.picture("device")
    page.goto(f"{visitor.site}/portal/{company.tree.bakery.id}/devices?q=Nina")
    expect(page.get_by_role("link", name="Nina's phone")).to_be_visible()
    assert visitor.problems == []


def test_a_flow_is_built_with_dialogs(visit: Visit, company: Company) -> None:
    visitor = visit()
    page = visitor.page
    visitor.sign_in("alice", "bakery.test")
    page.goto(f"{visitor.site}/portal/{company.tree.bakery.id}/flows/new")
    page.get_by_label("Name", exact=True).fill("Night")
    page.get_by_label("Numbers").fill("3000")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Add the first step").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What happens").select_option("tts")
    dialog.get_by_label("Text", exact=True).fill("We are closed.")
    visitor.picture("step")
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator("#flow-tree")).to_contain_text("We are closed.")
    expect(dialog).to_be_hidden()
    page.get_by_role("link", name="Add a step after Say a text").click()
    dialog.get_by_label("What happens").select_option("hangup")
    expect(dialog.get_by_text("Hang up.")).to_be_visible()
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator("#flow-tree")).to_contain_text("Hangup")
    page.goto(f"{visitor.site}/portal/{company.tree.bakery.id}/flows?q=Main")
    page.get_by_role("link", name="Main number").click()
    visitor.picture("flow")
    assert visitor.problems == []


def test_what_changes_is_pushed(visit: Visit, company: Company) -> None:
    visitor, other = visit(), visit()
    visitor.sign_in("alice", "bakery.test")
    visitor.page.goto(f"{visitor.site}/portal/{company.tree.bakery.id}/devices?q=Amina")
    expect(visitor.page.locator("html")).to_have_attribute("data-live-state", "open")
    other.sign_in("alice", "bakery.test")
    other.page.goto(f"{visitor.site}/portal/{company.tree.bakery.id}/devices?q=Amina")
    other.page.get_by_role("link", name="Amina's phone").click()
    other.page.get_by_role("link", name="Edit").click()
    other.page.get_by_label("Name", exact=True).fill("Amina's new phone")
    other.page.get_by_role("button", name="Save").click()
    expect(visitor.page.get_by_role("link", name="Amina's new phone")).to_be_visible()
    assert visitor.problems == []


def test_search_by_keyboard(visit: Visit, company: Company) -> None:
    visitor = visit()
    visitor.sign_in("alice", "bakery.test")
    visitor.page.keyboard.press("Control+k")
    visitor.page.keyboard.type("Jonas")
    expect(visitor.page.get_by_role("option", name=re.compile("Jonas Weber")).first).to_be_visible()
    visitor.picture("search")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.get_by_role("heading", name="Jonas Weber")).to_be_visible()


def test_the_language_switch(visit: Visit, company: Company) -> None:
    visitor = visit()
    visitor.sign_in("carol", "clinic.test")
    visitor.page.get_by_label("Language", exact=True).click()
    visitor.page.get_by_role("button", name="Español").click()
    expect(visitor.page.locator("html")).to_have_attribute("lang", "es")
    expect(visitor.page.get_by_role("link", name="Personas", exact=True).first).to_be_visible()
    visitor.picture("spanish")
    again = visit()
    again.sign_in("carol", "clinic.test")
    expect(again.page.locator("html")).to_have_attribute("lang", "es")


def test_dark_by_choice_and_by_system(visit: Visit, company: Company) -> None:
    visitor = visit()
    visitor.sign_in("alice", "bakery.test")

    def background(one: Visitor) -> str:
        return str(one.page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))

    light = background(visitor)
    visitor.page.get_by_role("button", name="Switch between light and dark").click()
    assert background(visitor) != light
    visitor.picture("dark")
    visitor.page.reload()
    assert background(visitor) != light, "the choice stays"
    system = visit(dark=True)
    system.sign_in("alice", "bakery.test")
    assert background(system) == background(visitor)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_page_is_wider_than_a_phone(dark: bool, visit: Visit, company: Company) -> None:
    visitor = visit(NARROW, 740, dark=dark)
    visitor.sign_in("alice", "bakery.test")
    for path in PAGES:
        visitor.page.goto(f"{visitor.site}/portal/{company.tree.bakery.id}/{path}")
        assert visitor.overflow() <= 0, path or "home"
        visitor.picture(f"narrow-{'dark' if dark else 'light'}-{path.replace('/', '-') or 'home'}")
    assert visitor.problems == []


def test_every_page_at_full_width(visit: Visit, company: Company) -> None:
    visitor = visit(1440, 900)
    visitor.sign_in("alice", "bakery.test")
    for path in PAGES:
        visitor.page.goto(f"{visitor.site}/portal/{company.tree.bakery.id}/{path}")
        assert visitor.overflow() <= 0, path or "home"
        visitor.picture(f"wide-{path.replace('/', '-') or 'home'}")
    assert visitor.problems == []


def test_a_resellers_pages(visit: Visit, company: Company) -> None:
    visitor = visit()
    visitor.sign_in("nora", "north.test")
    for path in ("", "customers", "branding", "live"):
        visitor.page.goto(f"{visitor.site}/portal/{company.tree.north.id}/{path}")
        assert visitor.overflow() <= 0
        visitor.picture(f"reseller-{path or 'home'}")
    assert visitor.problems == []


@pytest.mark.parametrize("width", [NARROW, 1280])
def test_the_self_service(width: int, visit: Visit, company: Company) -> None:
    visitor = visit(width)
    visitor.sign_in("bob", "bakery.test")
    page = visitor.page
    expect(page.get_by_role("heading", name="Hello Bob")).to_be_visible()
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("button", name="Turn off")).to_be_visible()
    page.get_by_role("button", name="Turn off").click()
    for path in ("", "phones", "calls", "forwarding", "profile"):
        page.goto(f"{visitor.site}/my/{path}")
        assert visitor.overflow() <= 0, path
        visitor.picture(f"my-{width}-{path or 'home'}")
    assert visitor.problems == []
