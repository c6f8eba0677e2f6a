from __future__ import annotations

from collections.abc import Iterable

from apps.pbx.media.recognisers import Recogniser, RecognitionFailed
from kazoo.environment import environment

_SECONDS = 15


class Http(Recogniser):
    """A service that takes a file like OpenAI's `/v1/audio/transcriptions`: `KAZOO_RECOGNITION_URL` is its address,
    `KAZOO_RECOGNITION_KEY` the bearer token and `KAZOO_RECOGNITION_MODEL` its model."""

    def missing(self) -> str:
        return "" if environment.recognition_url else "KAZOO_RECOGNITION_URL is not set"

    def words(self, wave: bytes, language: str, expected: Iterable[str]) -> str:
        import httpx

        key = environment.recognition_key
        try:
            answer = httpx.post(
                environment.recognition_url or "",
                data={
                    "model": environment.recognition_model,
                    "language": language,
                    "prompt": ", ".join(expected),
                    "response_format": "json",
                },
                files={"file": ("said.wav", wave, "audio/wav")},
                headers={"Authorization": f"Bearer {key}"} if key else {},
                timeout=_SECONDS,
            )
            text = answer.json().get("text") if answer.status_code == 200 else None
        except (httpx.HTTPError, ValueError, AttributeError) as error:
            raise RecognitionFailed(f"{type(error).__name__}: {error}") from error
        if not isinstance(text, str):
            raise RecognitionFailed(f"status {answer.status_code}: {answer.text[:200]}")
        return text
