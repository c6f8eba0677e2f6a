"""Nobody opens a page that is not theirs. Every address of the portal is tried by everybody who must not have it.

The addresses come from the URL patterns: a new page is tried without a word here. An object's id is tried under the
stranger's own account too, since no page may find anything by its id alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from django.test import Client

from apps.foundation.identity.models import Login
from apps.interfaces.portal.access import GUARDED
from apps.interfaces.selfservice import urls as selfservice_urls
from tests.integration.identity.conftest import Cast, _module_cast, cast, person
from tests.integration.interfaces.portal.addresses import (
    ARGUMENTS,
    RESELLERS_ONLY,
    account_pages,
    fill,
    patterns,
)
from tests.integration.interfaces.portal.conftest import Furnished, bakery, browser_of

__all__ = ["_module_cast", "bakery", "browser_of", "cast"]

#: Pages before signing in, and what is shown to visitors.
OPEN = {"root", "login", "logout", "recovery", "reset", "brand_logo", "set_language", "stop_acting"}


#: A page may be read only, or written only.
OTHER_VERB = 405


def answers(browser: Client, url: str) -> set[int]:
    """What reading and writing an address answer."""
    found = {browser.get(url).status_code, browser.post(url, {"name": "stolen"}).status_code}
    return found - {OTHER_VERB}


def opened(browser: Client, urls: dict[str, str], *allowed: int) -> dict[str, set[int]]:
    """The addresses that answer anything but what is allowed; empty where the wall holds."""
    found = {name: answers(browser, url) for name, url in urls.items()}
    return {name: codes for name, codes in found.items() if not codes <= set(allowed)}


def addresses(there: Furnished, names: Iterable[str], viewed: str = "") -> dict[str, str]:
    return {name: fill(name, there, viewed) for name in names}


def test_every_address_about_an_account_is_guarded() -> None:
    found = {name: callback for name, arguments, callback in patterns()}
    assert set(found) - set(account_pages()) == OPEN
    for name in account_pages():
        assert _is_guarded(found[name]), f"{name} is open to everybody"


def test_every_page_of_the_self_service_asks_who_one_is(cast: Cast) -> None:
    for pattern in selfservice_urls.urlpatterns[0].url_patterns:
        url = f"/my/{pattern.pattern._route}"
        assert Client().get(url)["Location"].startswith("/login"), url


@pytest.mark.parametrize("who", ["carol", "sven", "dave"])
def test_strangers_find_nothing(who: str, cast: Cast, bakery: Furnished, browser_of: Callable[[Login], Client]) -> None:
    """The sibling customer, the other reseller and its customer; under the owner's account and under their own."""
    browser = browser_of(stranger := _stranger(cast, who))
    assert opened(browser, addresses(bakery, account_pages()), 404) == {}
    naming_something = [name for name, arguments, _view in patterns() if set(arguments) & set(ARGUMENTS)]
    own = addresses(bakery, naming_something, viewed=str(stranger.account_id))
    assert opened(browser, own, 403, 404) == {}, "an id alone finds nothing"


def test_whoever_is_not_signed_in_is_asked_to(cast: Cast, bakery: Furnished) -> None:
    for url in addresses(bakery, account_pages()).values():
        for response in (Client().get(url), Client().post(url)):
            assert response.status_code in (302, OTHER_VERB)
            assert response.status_code == OTHER_VERB or response["Location"].startswith("/login")


def test_a_plain_user_is_refused_everywhere(
    cast: Cast, bakery: Furnished, browser_of: Callable[[Login], Client]
) -> None:
    bob = browser_of(cast.bob)
    own = addresses(bakery, account_pages())
    assert answers(bob, own.pop("home")) == {302}, "sent to his own pages"
    assert opened(bob, own, 403, 404) == {}
    assert opened(bob, addresses(bakery, account_pages(), viewed=cast.tree.branch.id), 404) == {}


def test_one_customers_id_opens_nothing_under_another(
    cast: Cast, bakery: Furnished, browser_of: Callable[[Login], Client]
) -> None:
    """Whoever may see both customers still finds neither's things under the other."""
    naming = [name for name, arguments, _view in patterns() if set(arguments) & set(ARGUMENTS)]
    assert opened(browser_of(cast.nora), addresses(bakery, naming, viewed=cast.tree.clinic.id), 404) == {}


def test_pages_about_customers_are_a_resellers(
    cast: Cast, bakery: Furnished, browser_of: Callable[[Login], Client]
) -> None:
    urls = addresses(bakery, RESELLERS_ONLY, viewed=cast.tree.bakery.id)
    assert opened(browser_of(cast.alice), urls, 403) == {}


def _stranger(cast: Cast, who: str) -> Login:
    if who == "carol":
        return cast.carol
    account = cast.tree.south if who == "sven" else cast.tree.harbour
    return person(account, who, priv_level="admin")


def _is_guarded(view: object) -> bool:
    while view is not None:
        if getattr(view, GUARDED, False):
            return True
        view = getattr(view, "__wrapped__", None)
    return False
