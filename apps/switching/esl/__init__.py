"""FreeSWITCH's event socket: the protocol without I/O, and thin asyncio shells around it. Imports no Django.

- `framer`, `headers`, `events`, `messages`, `commands`, `connection`: bytes in, typed messages out; they never touch
  a socket.
- `client` (we connect to the switch), `persistent` (and keep connecting), `server` and `session` (the switch connects
  to us, one connection per call), `event_queue` (bounded, sheds by class): asyncio.
"""
