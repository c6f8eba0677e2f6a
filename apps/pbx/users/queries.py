"""Reads about users."""

from apps.pbx.users.models import User


def features_of(user: User) -> list[str]:
    """The names of what a user has switched on, as user interfaces show them in lists."""
    document = user.document
    found = {
        "caller_id": bool((document.get("caller_id") or {}).get("external", {}).get("number")),
        "call_forward": bool((document.get("call_forward") or {}).get("enabled")),
        "call_recording": bool(document.get("call_recording")),
        "do_not_disturb": bool((document.get("do_not_disturb") or {}).get("enabled")),
        "hotdesk": bool((document.get("hotdesk") or {}).get("enabled")),
        "music_on_hold": bool((document.get("music_on_hold") or {}).get("media_id")),
        "vm_to_email": bool(document.get("vm_to_email_enabled")),
    }
    return [name for name, is_on in found.items() if is_on]
