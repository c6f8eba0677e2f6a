"""What mod_xml_curl asks and how: one POST per lookup, urlencoded as the recorded requests, an XML document back."""

from __future__ import annotations

import logging
import time
from xml.etree import ElementTree

import httpx

from apps.switching.lab.channel import Channel
from apps.switching.lab.events import EventBus, Headers, Origin
from apps.switching.lab.headers import channel_headers
from apps.switching.lab.wire import encode_value

logger = logging.getLogger(__name__)

SIP_AUTH = Origin("sofia_reg.c", "sofia_reg_parse_auth", 3124)
MESSAGE_COUNT = Origin("mod_voicemail.c", "resolve_id", 1363)
USER_CALL = Origin("mod_dptools.c", "user_outgoing_channel", 4366)
GROUP_CALL = Origin("mod_commands.c", "group_call_function", 1061)
DIALPLAN = Origin("mod_dialplan_xml.c", "dialplan_xml_locate", 610)
CONFIGURATION = Origin("sofia.c", "config_sofia", 4495)
GATEWAYS = Origin("sofia.c", "launch_sofia_worker_thread", 3073)
NETWORK_LIST = Origin("switch_core.c", "switch_load_network_lists", 1638)
USER_LOCATE = Origin("switch_xml.c", "switch_xml_locate_user", 2196)

START_CONFIGURATIONS = (
    "console.conf", "logfile.conf", "json_cdr.conf", "event_socket.conf", "acl.conf", "post_load_modules.conf",
    "post_load_switch.conf", "loopback.conf", "voicemail.conf", "conference.conf", "local_stream.conf",
)  # fmt: skip


class XmlCurl:
    """One binding for every section. Answers that are missing, broken or ``not found`` are None: FreeSWITCH then
    looks in its static configuration, of which the lab has none."""

    def __init__(self, base_url: str, bus: EventBus, *, node_secret: str = "", username: str = "freeswitch") -> None:
        self.url = base_url
        self.bus = bus
        auth = httpx.BasicAuth(username, node_secret) if node_secret else None
        headers = {"User-Agent": "freeswitch-xml/1.0", "Content-Type": "application/x-www-form-urlencoded"}
        if node_secret:
            headers["X-Node-Secret"] = node_secret
        limits = httpx.Limits(max_connections=20, max_keepalive_connections=20)
        self.client = httpx.AsyncClient(auth=auth, headers=headers, limits=limits, timeout=15.0, trust_env=False)
        self.requests = 0
        self._cached_users: dict[tuple[str, str], tuple[float, ElementTree.Element]] = {}

    async def close(self) -> None:
        await self.client.aclose()

    async def ask(
        self, section: str, tag: str, key: str, value: str, fields: Headers, origin: Origin | None,
        *, event_name: str = "REQUEST_PARAMS",
    ) -> ElementTree.Element | None:  # fmt: skip
        """POST one lookup and return the answered ``<section>``."""
        if not self.url:
            return None
        pairs = [
            ("hostname", self.bus.switchname),
            ("section", section),
            ("tag_name", tag),
            ("key_name", key),
            ("key_value", value),
        ]
        if origin is not None:
            pairs += [("Event-Name", event_name), *self.bus.standard_headers(origin)]
        pairs += fields
        body = "&".join(f"{name}={encode_value(text)}" for name, text in pairs)
        self.requests += 1
        try:
            response = await self.client.post(self.url, content=body.encode())
        except httpx.HTTPError as error:
            logger.warning("xml_curl %s %s: %s", section, value, error)
            return None
        if response.status_code != 200:
            logger.warning("xml_curl %s %s: HTTP %d", section, value, response.status_code)
            return None
        return _section(response.text)

    async def user(
        self, user: str, domain: str, fields: Headers, origin: Origin, *, event_name: str = "REQUEST_PARAMS"
    ) -> DirectoryUser | None:
        """A directory user. An answer marked ``cacheable`` is kept (for ever, or for its milliseconds)."""
        cached = self._cached_users.get((user, domain))
        if cached is not None and cached[0] > time.monotonic():
            return DirectoryUser(user, domain, cached[1])
        tail = [*fields, ("key", "id"), ("user", user), ("domain", domain)]
        if ("action", "sip_auth") in fields:
            client_address = next(text for name, text in fields if name == "ip")
            tail = [pair for pair in tail if pair[0] != "ip"] + [("ip", client_address)]
        section = await self.ask("directory", "domain", "name", domain, tail, origin, event_name=event_name)
        domain_element = section.find(f"./domain[@name='{domain}']") if section is not None else None
        if domain_element is None or DirectoryUser.element(domain_element, user) is None:
            return None
        found = DirectoryUser(user, domain, domain_element)
        cacheable = found.user.get("cacheable", "")
        if cacheable == "true":
            self._cached_users[user, domain] = (float("inf"), domain_element)
        elif cacheable.isdigit():
            self._cached_users[user, domain] = (time.monotonic() + int(cacheable) / 1000, domain_element)
        return found

    def flush(self, user: str = "", domain: str = "") -> int:
        """xml_flush_cache: forget one user, or all. Returns how many were forgotten."""
        keys = [key for key in self._cached_users if not user or key == (user, domain)]
        for key in keys:
            del self._cached_users[key]
        return len(keys)

    async def dialplan(self, channel: Channel) -> ElementTree.Element | None:
        """The ``<context>`` for a channel that routes."""
        fields = [*channel_headers(channel, variables=True), *channel.caller_headers("Hunt")]
        section = await self.ask("dialplan", "", "", "", fields, DIALPLAN)
        if section is None:
            return None
        contexts = section.findall("./context")
        wanted = [one for one in contexts if one.get("name") == channel.profile.context]
        return (wanted or [one for one in contexts if one.get("name") == "any"] or [None])[0]  # type: ignore[list-item]

    async def configuration(self, name: str, origin: Origin | None = None) -> ElementTree.Element | None:
        """One configuration file; early ones are asked for without event fields, as on the real switch."""
        section = await self.ask("configuration", "configuration", "name", name, [], origin)
        return section.find("./configuration") if section is not None else None


class DirectoryUser:
    """One ``<user>`` with its domain and groups; user values win over group values, group over domain."""

    def __init__(self, name: str, domain: str, domain_element: ElementTree.Element) -> None:
        self.name = name
        self.domain = domain
        element = self.element(domain_element, name)
        if element is None:
            raise LookupError(f"no user {name} in {domain}")
        self.user = element
        self._layers = [domain_element]
        group = next(
            (one for one in domain_element.iterfind("./groups/group") if element in list(one.iter("user"))), None
        )
        if group is not None:
            self._layers.append(group)
        self._layers.append(element)

    @staticmethod
    def element(domain_element: ElementTree.Element, name: str) -> ElementTree.Element | None:
        for user in domain_element.iter("user"):
            if user.get("type") != "pointer" and (user.get("id") == name or user.get("number-alias") == name):
                return user
        return None

    def _collect(self, plural: str, singular: str) -> dict[str, str]:
        values: dict[str, str] = {}
        for layer in self._layers:
            for one in layer.iterfind(f"./{plural}/{singular}"):
                values[one.get("name", "")] = one.get("value", "")
        return values

    @property
    def params(self) -> dict[str, str]:
        return self._collect("params", "param")

    @property
    def variables(self) -> dict[str, str]:
        return self._collect("variables", "variable")


def _section(text: str) -> ElementTree.Element | None:
    try:
        document = ElementTree.fromstring(text)  # noqa: S314 - our own server answers, and the lab holds no secrets
    except ElementTree.ParseError as error:
        logger.warning("xml_curl: not XML: %s", error)
        return None
    section = document if document.tag == "section" else document.find("./section")
    if section is None or section.find("./result[@status='not found']") is not None:
        return None
    return section
