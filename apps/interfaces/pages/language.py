"""The language of the web: a cookie for whoever reads, and the person's own setting once signed in."""

from django.conf import settings
from django.http import HttpResponse

#: What is stored with a person for a language of the web: prompts are chosen by the longer name.
STORED = {"en": "en-us", "es": "es-es"}


def offered(code: object) -> str | None:
    """The language of the web for a code such as `es-mx`, None where it is not on offer."""
    short = str(code or "").lower().replace("_", "-").partition("-")[0]
    return short if short in dict(settings.LANGUAGES) else None


def remember(response: HttpResponse, code: str) -> None:
    """Let the browser keep the language."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        code,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        samesite="Lax",
    )
