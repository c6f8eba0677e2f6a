"""Telling the switches what changed in the directory. The answer about a user is cached on the switch (mod_xml_curl's
`cacheable`), so a change of a credential is pushed to it."""

import logging

from apps.switching.switches.orders import tell_every_node

log = logging.getLogger(__name__)


def forget_cached_user(username: str, realm: str) -> None:
    """Drop the cached directory answer of one user on every node (`xml_flush_cache id <user> <domain>`)."""
    try:
        tell_every_node("xml_flush_cache", "id", username, realm)
    except ValueError:
        # Such a name is no plain word of the command line; its cached answer runs out by itself.
        log.info("cached answers for %r will expire by themselves", username)


def renew_gateway(name: str) -> None:
    """Drop a gateway on every node, and have the external profile ask again which there are."""
    tell_every_node("sofia", "profile", "external", "killgw", name)
    tell_every_node("sofia", "profile", "external", "rescan")
