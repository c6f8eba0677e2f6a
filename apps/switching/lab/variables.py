"""A channel's variables as applications read and write them (switch_channel_get_variable and friends)."""

from __future__ import annotations

from apps.switching.lab.profile import CallerProfile


class ChannelVariables:
    """The variables, with the caller profile's fields readable by name."""

    variables: dict[str, str]
    profile: CallerProfile
    name: str
    uuid: str
    state: str
    hangup_cause: str

    def get(self, name: str) -> str:
        """A channel variable, or a few fields of the caller profile; empty when unset."""
        if name in self.variables:
            return self.variables[name]
        fields = {
            "destination_number": self.profile.destination_number,
            "caller_id_number": self.profile.caller_id_number,
            "caller_id_name": self.profile.caller_id_name,
            "network_addr": self.profile.network_addr,
            "context": self.profile.context,
            "ani": self.profile.ani,
            "rdnis": self.profile.rdnis,
            "username": self.profile.username,
            "source": self.profile.source,
            "dialplan": self.profile.dialplan,
            "chan_name": self.name,
            "channel_name": self.name,
            "uuid": self.uuid,
            "state": self.state,
            "hangup_cause": self.hangup_cause,
        }
        return fields.get(name, "")

    def set(self, name: str, value: str | None) -> None:
        """Set a variable; an empty value or ``_undef_`` removes it, as in FreeSWITCH."""
        if value is None or value in ("", "_undef_"):
            self.variables.pop(name, None)
        else:
            self.variables[name] = value

    def push(self, name: str, value: str) -> None:
        """Append to an array variable (``ARRAY::a|:b``)."""
        old = self.variables.get(name)
        if not old:
            self.variables[name] = value
        elif old.startswith("ARRAY::"):
            self.variables[name] = f"{old}|:{value}"
        else:
            self.variables[name] = f"ARRAY::{old}|:{value}"

    def seconds(self, name: str, default: float) -> float:
        """A variable as a positive number of seconds."""
        try:
            value = float(self.get(name) or 0)
        except ValueError:
            return default
        return value if value > 0 else default

    def is_true(self, name: str) -> bool:
        """A variable as FreeSWITCH's switch_true reads it."""
        value = self.get(name).lower()
        return value in ("true", "yes", "on", "enable", "enabled", "active", "allow", "t", "y") or (
            value.isdigit() and int(value) != 0
        )
