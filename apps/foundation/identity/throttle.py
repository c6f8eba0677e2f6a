"""Slowing down whoever guesses passwords. Counted in Valkey: per account and username, and per client address.

A few failures are free; each further one doubles the wait. An attempt is counted before the password is looked at and
taken back where it was right, so that a thousand guesses sent at once are a thousand guesses.
"""

import hashlib
import ipaddress
import logging
from dataclasses import dataclass

import redis

from apps.foundation.events.publishing import client
from apps.foundation.identity.errors import TooManyAttempts

log = logging.getLogger(__name__)

#: Failures are forgotten this many seconds after the last one.
WINDOW = 900
LONGEST_WAIT = 300

#: Failures without a wait: of one person, of one address in one account where the person is not named, of an address.
FREE_PER_PERSON = 5
FREE_PER_PLACE = 10
FREE_PER_ADDRESS = 30

#: KEYS are pairs (count, block); ARGV the free failures of each pair, then window and longest wait, all in seconds.
#: Answers the seconds to wait, or 0 and has counted the attempt.
_RESERVE = """
local wait = 0
for i = 2, #KEYS, 2 do
  wait = math.max(wait, redis.call('TTL', KEYS[i]))
end
if wait > 0 then return wait end
local window, longest = tonumber(ARGV[#ARGV - 1]), tonumber(ARGV[#ARGV])
for i = 1, #KEYS, 2 do
  local count = redis.call('INCR', KEYS[i])
  redis.call('EXPIRE', KEYS[i], window)
  local over = count - tonumber(ARGV[(i + 1) / 2])
  if over >= 0 then
    redis.call('SET', KEYS[i + 1], '1', 'EX', math.min(longest, math.floor(2 ^ math.min(over, 20))))
  end
end
return 0
"""

#: KEYS are pairs as above. Takes one attempt back from each count, and the block it may have caused.
_RETURN = """
for i = 1, #KEYS, 2 do
  if redis.call('EXISTS', KEYS[i]) == 1 and redis.call('DECR', KEYS[i]) < 1 then redis.call('DEL', KEYS[i]) end
  redis.call('DEL', KEYS[i + 1])
end
return 0
"""


@dataclass(frozen=True, slots=True)
class Throttle:
    """The counters of one attempt. `username` is empty where a digest hides it, `client_ip` where it is not known.

    `account` is an account's id, or the name a client gave for one. Where Valkey is away attempts are let through: a
    cache that is down must not lock everybody out, and a password still costs its Argon2 hash.
    """

    account: str
    username: str
    client_ip: str

    def reserve(self) -> None:
        """Count an attempt before it is made. Raises TooManyAttempts with the seconds to wait."""
        counters = self._counters()
        arguments = [free for _key, free in counters] + [WINDOW, LONGEST_WAIT]
        wait = self._run(_RESERVE, [key for key, _free in counters], arguments)
        if wait > 0:
            raise TooManyAttempts(wait)

    def succeeded(self) -> None:
        """The attempt was right: it does not count, and the person's own failures are forgotten."""
        keys = [key for key, _free in self._counters()]
        self._run(_RETURN, keys, [])
        if self.username:
            try:
                client().delete(keys[0], f"{keys[0]}:block")
            except redis.RedisError:
                log.warning("failed logins could not be forgotten", exc_info=True)

    def _counters(self) -> list[tuple[str, int]]:
        if self.username:
            counters = [(_key("person", self.account, self.username.lower()), FREE_PER_PERSON)]
        else:
            counters = [(_key("place", self.account, self.client_ip), FREE_PER_PLACE)]
        if _tells_apart(self.client_ip):
            counters.append((_key("address", self.client_ip), FREE_PER_ADDRESS))
        return counters

    def _run(self, script: str, keys: list[str], arguments: list[int]) -> int:
        pairs = [name for key in keys for name in (key, f"{key}:block")]
        try:
            return int(client().eval(script, len(pairs), *pairs, *map(str, arguments)))
        except redis.RedisError:
            log.exception("login attempts cannot be counted")
            return 0


def _key(kind: str, *parts: str) -> str:
    """Hashed: what people type as a username may be a password, and a key has no spaces."""
    return f"kazoo:login:{kind}:{hashlib.sha256('/'.join(parts).encode()).hexdigest()[:32]}"


def _tells_apart(client_ip: str) -> bool:
    """A loopback address is a proxy on this machine and stands for everybody."""
    try:
        return not ipaddress.ip_address(client_ip).is_loopback
    except ValueError:
        return False
