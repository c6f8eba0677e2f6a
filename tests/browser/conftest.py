"""A web process on loopback and Chromium in front of it.

What a test needs is planted before, and looked at through the browser: the web process sees what is committed only.
"""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from django.db import connection
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright
from pytest_django import DjangoDbBlocker

from tests.browser.planting import furnish
from tests.company import PASSWORD, Company, dissolve, found_company

#: A folder to keep pictures in, for whoever wants to look at the pages.
PICTURES = os.environ.get("SCREENSHOTS", "")
DEADLINE = 30.0
expect.set_options(timeout=DEADLINE * 1000)


@pytest.fixture(scope="module")
def company(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Company]:
    with django_db_blocker.unblock():
        made = found_company()
        furnish(made)
        try:
            yield made
        finally:
            dissolve(made)


@pytest.fixture(scope="module")
def site(company: Company) -> Iterator[str]:
    """The address of a web process that serves the company."""
    from kazoo.asgi import application

    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(application, lifespan="off", log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    until = time.monotonic() + DEADLINE
    while not server.started:
        assert time.monotonic() < until, "the web process did not start"
        time.sleep(0.02)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(DEADLINE)


@pytest.fixture(scope="module")
def playwright(site: str) -> Iterator[Playwright]:
    # Playwright's loop runs in this thread all the while, and pytest-django opens its transactions in it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as started:
        yield started
        # Inside a running loop Django keeps this thread another connection, which nobody would close afterwards: the
        # test database could not be removed.
        connection.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    browser = playwright.chromium.launch(executable_path=path, args=options)
    yield browser
    browser.close()


@dataclass
class Visitor:
    """A page, and what went wrong on it. Pages load nothing from elsewhere, and their scripts raise nothing."""

    page: Page
    site: str
    problems: list[str]

    def sign_in(self, username: str, account: str) -> None:
        self.page.goto(f"{self.site}/login")
        self.page.get_by_label("Account").fill(account)
        self.page.get_by_label("Username").fill(username)
        self.page.locator("input[name=password]").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(lambda address: "/login" not in address)

    def picture(self, name: str) -> None:
        if PICTURES:
            Path(PICTURES).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=f"{PICTURES}/{name}.png")

    def overflow(self) -> int:
        """Pixels by which the page is wider than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.fixture
def visit(chromium: Browser, site: str) -> Iterator[Callable[..., Visitor]]:
    """A new browser window: `visit(width=390, dark=True, locale="es-ES")`."""
    contexts = []

    def enter(width: int = 1280, height: int = 800, *, dark: bool = False, locale: str = "en-US") -> Visitor:
        scheme = "dark" if dark else "light"
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, locale=locale, timezone_id="UTC"
        )
        context.set_default_timeout(DEADLINE * 1000)
        contexts.append(context)
        visitor = Visitor(context.new_page(), site, [])
        visitor.page.on("pageerror", lambda error: visitor.problems.append(str(error)))
        visitor.page.on("console", lambda line: line.type == "error" and visitor.problems.append(line.text))
        visitor.page.on("request", lambda request: request.url.startswith(site) or visitor.problems.append(request.url))
        return visitor

    yield enter
    for context in contexts:
        context.close()
