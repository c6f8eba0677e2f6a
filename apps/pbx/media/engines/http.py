from __future__ import annotations

from apps.pbx.media.engines import Engine, EngineFailed
from kazoo.environment import environment

_SECONDS = 15
_MOST_BYTES = 20 * 1024 * 1024


class Http(Engine):
    """A service that takes a POST like OpenAI's `/v1/audio/speech` and answers with a WAV.

    `KAZOO_SPEECH_URL` is its address and `KAZOO_SPEECH_KEY` the bearer token; `KAZOO_SPEECH_MODEL` and
    `KAZOO_SPEECH_VOICES` name the model and its voices for `female` and `male`.
    """

    rank = 10

    def missing(self) -> str:
        return "" if environment.speech_url else "KAZOO_SPEECH_URL is not set"

    def fingerprint(self) -> str:
        return f"{environment.speech_url} {environment.speech_model} {environment.speech_voices}"

    def speak(self, text: str, language: str, voice: str) -> bytes:
        import httpx

        key = environment.speech_key
        try:
            answer = httpx.post(
                environment.speech_url or "",
                json={
                    "model": environment.speech_model,
                    "input": text,
                    "voice": environment.speech_voices.get(voice or "female", voice),
                    "response_format": "wav",
                    "language": language,
                },
                headers={"Authorization": f"Bearer {key}"} if key else {},
                timeout=_SECONDS,
            )
        except httpx.HTTPError as error:
            raise EngineFailed(f"{type(error).__name__}: {error}") from error
        if answer.status_code != 200:
            raise EngineFailed(f"status {answer.status_code}: {answer.text[:200]}")
        if len(answer.content) > _MOST_BYTES:
            raise EngineFailed("more than 20 MB came back")
        return answer.content
