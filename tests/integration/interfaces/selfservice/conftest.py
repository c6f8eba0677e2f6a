"""Bob of Bakery, whose phone it is."""

from tests.integration.interfaces.portal.conftest import _module_cast, alice, bakery, bob, browser_of, cast

__all__ = ["_module_cast", "alice", "bakery", "bob", "browser_of", "cast"]
