"""Rate buckets: a client address has, for each account, a bucket of tokens that refills by the second.

Counted in Valkey, in one atomic script. Where Valkey is away requests pass, and the log says so: a cache that is down
must not take the API with it.
"""

import logging
from dataclasses import dataclass
from functools import cache
from typing import Any

import redis
from django.conf import settings

from apps.foundation.events.publishing import client

log = logging.getLogger(__name__)

#: KEYS[1] a hash of `tokens` and `at`; ARGV size, tokens per second, price. The server's clock is the only one.
#: Answers whether the price was paid and the whole tokens that remain.
_TAKE = """
local size, rate, price = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local state = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = math.min(size, (tonumber(state[1]) or size) + math.max(0, now - (tonumber(state[2]) or now)) * rate)
local paid = 0
if tokens >= price then
  tokens = tokens - price
  paid = 1
end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', tostring(now))
redis.call('PEXPIRE', KEYS[1], math.ceil(size / rate * 1000) + 1000)
return {paid, math.floor(tokens)}
"""


@dataclass(frozen=True, slots=True)
class Bucket:
    """What taking from it came to; `remaining` is None where it could not be counted."""

    paid: bool
    consumed: int
    remaining: int | None


@cache
def _script() -> Any:
    return client().register_script(_TAKE)


def take(client_ip: str, account_id: str, price: int) -> Bucket:
    """Pay `price` tokens out of the bucket of an address and an account (empty: no account is named)."""
    size, rate = settings.API_BUCKET_SIZE, settings.API_BUCKET_REFILL
    if price <= 0:
        return Bucket(True, 0, None)
    try:
        paid, remaining = _script()(keys=[f"kazoo:bucket:{client_ip}/{account_id}"], args=[size, rate, price])
    except redis.RedisError:
        log.warning("rate buckets cannot be counted; requests pass", exc_info=True)
        return Bucket(True, price, None)
    return Bucket(bool(paid), price, int(remaining))
