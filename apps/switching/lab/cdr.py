"""mod_json_cdr: one POST per leg when it reports, retried, and spooled on disk when nobody takes it."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import httpx

from apps.switching.lab.channel import Channel
from apps.switching.lab.profile import CallerProfile
from apps.switching.lab.wire import encode_value

logger = logging.getLogger(__name__)


def record(channel: Channel, core_uuid: str, switchname: str) -> dict[str, Any]:
    """The document mod_json_cdr posts. Variables are url-encoded, the callflow is not."""
    document: dict[str, Any] = {
        "core-uuid": core_uuid,
        "switchname": switchname,
        "channel_data": {
            "state": "CS_REPORTING",
            "direction": channel.direction,
            "state_number": "11",
            "flags": "0=1;1=1;22=1;40=1;42=1;55=1;160=1" if channel.profile.answered else "0=1;40=1;42=1;55=1;160=1",
            "caps": "1=1;2=1;3=1;4=1;5=1;6=1;8=1;9=1;10=1",
        },
        "callStats": _statistics(channel),
        "variables": {name: encode_value(value) for name, value in channel.variables.items()},
    }
    if channel.application_log:
        document["app_log"] = {
            "applications": [
                {"app_name": name, "app_data": data, "app_stamp": str(moment)}
                for name, data, moment in channel.application_log
            ]
        }
    profiles = [channel.profile, *channel.past_profiles]
    document["callflow"] = [_flow(channel, profile) for profile in profiles]
    return document


def _statistics(channel: Channel) -> dict[str, Any]:
    if not channel.has_media:
        return {}
    milliseconds = max(0, channel.profile.hangup - (channel.profile.answered or channel.profile.hangup)) // 1000
    packets = milliseconds // 20
    way = {"raw_bytes": packets * 172, "media_bytes": packets * 172, "packet_count": packets}
    return {"audio": {"inbound": {**way, "mos": 4.5, "quality_percentage": 100}, "outbound": way}}


def _flow(channel: Channel, profile: CallerProfile) -> dict[str, Any]:
    flow: dict[str, Any] = {"dialplan": profile.dialplan, "profile_index": str(profile.profile_index)}
    extension = next((one for one in reversed(channel.extensions) if one[1] == profile.destination_number), None)
    if extension is not None:
        name, number, applications = extension
        flow["extension"] = {
            "name": name,
            "number": number,
            "applications": [{"app_name": application, "app_data": data} for application, data in applications],
        }
    flow["caller_profile"] = _profile(channel, profile)
    if channel.other_leg is not None and profile is channel.profile:
        kind = channel.other_type
        other = _profile(channel.other_leg, channel.other_leg.profile)
        flow["caller_profile"][kind] = {f"{kind}_caller_profiles": [other]}
    flow["times"] = {
        "created_time": str(profile.created),
        "profile_created_time": str(profile.profile_created),
        "progress_time": str(profile.progress),
        "progress_media_time": str(profile.progress_media),
        "answered_time": str(profile.answered),
        "bridged_time": str(profile.bridged),
        "last_hold_time": str(profile.last_hold),
        "hold_accum_time": str(profile.hold_accum),
        "hangup_time": str(channel.profile.hangup),
        "resurrect_time": "0",
        "transfer_time": str(profile.transfer),
    }
    return flow


def _profile(channel: Channel, profile: CallerProfile) -> dict[str, Any]:
    return {
        "username": profile.username,
        "dialplan": profile.dialplan,
        "caller_id_name": profile.caller_id_name,
        "ani": profile.ani,
        "aniii": "",
        "caller_id_number": profile.caller_id_number,
        "network_addr": profile.network_addr,
        "rdnis": profile.rdnis,
        "destination_number": profile.destination_number,
        "uuid": channel.uuid,
        "source": profile.source,
        "context": profile.context,
        "chan_name": channel.name,
    }


class CdrPoster:
    """Posts records a few at a time, `retries` further times `delay` seconds apart, then writes them to `spool`."""

    def __init__(
        self, url: str, *, node_secret: str = "", username: str = "freeswitch", spool: Path | None = None,
        retries: int = 2, delay: float = 5.0,
    ) -> None:  # fmt: skip
        self.url = url
        self.spool = spool
        self.retries = retries
        self.delay = delay
        self.posted = 0
        self.spooled = 0
        headers = {"User-Agent": "freeswitch-json/1.0", "Content-Type": "application/json"}
        if node_secret:
            headers["X-Node-Secret"] = node_secret
        auth = httpx.BasicAuth(username, node_secret) if node_secret else None
        self._client = httpx.AsyncClient(headers=headers, auth=auth, timeout=15.0, trust_env=False)
        self._gate = asyncio.Semaphore(8)
        self._tasks: set[asyncio.Task[None]] = set()

    def post(self, leg: str, document: dict[str, Any]) -> None:
        """Send one record in the background. `leg`: the file name and ``uuid`` parameter, ``a_`` before an A leg's."""
        if not self.url and self.spool is None:
            return
        content = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        task = asyncio.get_running_loop().create_task(self._deliver(leg, content))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, leg: str, content: bytes) -> None:
        async with self._gate:
            for attempt in range(self.retries + 1):
                if self.url and await self._try(leg, content):
                    self.posted += 1
                    return
                if not self.url:
                    break
                if attempt < self.retries:
                    await asyncio.sleep(self.delay)
            self._keep(leg, content)

    async def _try(self, leg: str, content: bytes) -> bool:
        try:
            response = await self._client.post(self.url, params={"uuid": leg}, content=content)
        except httpx.HTTPError as error:
            logger.warning("json_cdr %s: %s", leg, error)
            return False
        return 200 <= response.status_code < 300

    def _keep(self, leg: str, content: bytes) -> None:
        if self.spool is None:
            logger.error("json_cdr %s: nobody took it and there is no spool directory", leg)
            return
        self.spool.mkdir(parents=True, exist_ok=True)
        (self.spool / f"{leg}.cdr.json").write_bytes(content)
        self.spooled += 1

    async def drain(self) -> None:
        """Wait until everything posted so far is delivered or spooled."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.aclose()
