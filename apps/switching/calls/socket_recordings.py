"""Where a node keeps what it records, and recordings that begin when the call is answered."""

from __future__ import annotations

from apps.switching.calls.commands import NodeCommand
from apps.switching.calls.port import SwitchRefused
from apps.switching.calls.recording_commands import make_folder
from apps.switching.calls.recording_names import path_below
from apps.switching.calls.socket_line import Line

#: The recordings directory of each switch, by the id it has while it runs: asked once, for it cannot change.
_directories: dict[str, str] = {}
_MOST_REMEMBERED = 1_000
#: Folders that have been made, so that not every message runs a program.
_folders: set[tuple[str, str]] = set()


class Recordings:
    """Of one call."""

    def __init__(self, line: Line, core: str, directory: str) -> None:
        self._line, self._core, self._directory = line, core, directory
        self._waiting: dict[str, str] = {}
        self._count = 0

    def path(self, file: str) -> str:
        """Raises ValueError."""
        return path_below(self._directory, file)

    async def folder_for(self, file: str) -> str:
        """The path, its folder made."""
        path = self.path(file)
        folder = (self._core, path.rpartition("/")[0])
        if folder not in _folders:
            command = make_folder(path)
            answer = await self._line.api(command.name, command.arguments)
            if not answer.ok:
                raise SwitchRefused(answer.text.strip())
            if len(_folders) >= _MOST_REMEMBERED:
                _folders.clear()
            _folders.add(folder)
        return path

    def begin_when_answered(self, file: str, command: NodeCommand) -> None:
        """Have the switch run the command by itself in the moment the call is answered."""
        self._count += 1
        variable = self._waiting[file] = f"api_on_answer_{self._count}"
        self._line.queue("set", f"{variable}={command.name} {command.arguments}")

    def forget(self, file: str) -> bool:
        """Take `begin_when_answered` back. Whether that was in time."""
        variable = self._waiting.pop(file, "")
        if not variable or self._line.is_answered:
            return False
        self._line.queue("unset", variable)
        return True


async def recordings_of(line: Line) -> Recordings:
    core = line.session.channel_data.get("Core-UUID")
    if core not in _directories:
        found = await line.api("global_getvar", "recordings_dir")
        if len(_directories) >= _MOST_REMEMBERED:
            _directories.clear()
        _directories[core] = found.text.strip() if found.ok else ""
    return Recordings(line, core, _directories[core])
