"""A planted tree to route and count calls in."""

from tests.trees import _module_tree, tree

__all__ = ["_module_tree", "tree"]
