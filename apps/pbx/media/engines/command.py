from __future__ import annotations

import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from apps.pbx.media.engines import Engine, EngineFailed
from kazoo.environment import environment

_SECONDS = 30


class Command(Engine):
    """Any program, by the template `KAZOO_SPEECH_COMMAND`: `{language}`, `{voice}`, `{text}`, `{file}` are filled in.

    Without `{text}` the text goes to its standard input; without `{file}` the WAV comes from its standard output.
    """

    rank = 20

    def missing(self) -> str:
        template = environment.speech_command
        if not template:
            return "KAZOO_SPEECH_COMMAND is not set"
        program = shlex.split(template)[0]
        return "" if shutil.which(program) else f"there is no program {program}"

    def fingerprint(self) -> str:
        return environment.speech_command or ""

    def speak(self, text: str, language: str, voice: str) -> bytes:
        template = shlex.split(environment.speech_command or "")
        with tempfile.TemporaryDirectory(prefix="kazoo-speech-") as place:
            file = Path(place) / "speech.wav"
            values = {"text": text, "language": language, "voice": voice or "female", "file": str(file)}
            words = [_filled(word, values) for word in template]
            given = None if any("{text}" in word for word in template) else text.encode()
            try:
                done = subprocess.run(words, input=given, capture_output=True, timeout=_SECONDS, check=False)
            except (OSError, subprocess.TimeoutExpired) as error:
                raise EngineFailed(str(error)) from error
            if done.returncode != 0:
                raise EngineFailed(done.stderr.decode(errors="replace").strip()[:300] or f"status {done.returncode}")
            return file.read_bytes() if file.exists() else done.stdout


def _filled(word: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        if f"{{{name}}}" in word:
            return word.replace(f"{{{name}}}", value)
    return word
