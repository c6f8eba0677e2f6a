"""The verbs of a callflow in a reader's words.

A verb's file has names and descriptions in English. They are collected into `verb_words.py`, from where translators
get them; so a new verb is a new file, and its words are translated like all others.
"""

from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

from django.utils.translation import gettext
from pydantic import BaseModel

from apps.pbx.callflows.registry import DEFAULT_CHILD, AnyVerb, VerbData, verbs

#: Icons of `static/portal/icons.svg`; other verbs get the one for a flow.
ICONS = {
    "answer": "phone",
    "callflow": "flow",
    "device": "device",
    "group": "people",
    "hangup": "hang-up",
    "menu": "menu-keys",
    "noop": "minus",
    "play": "play",
    "prepend_cid": "tag",
    "resources": "carrier",
    "response": "do-not-disturb",
    "ring_group": "group",
    "set_cid": "tag",
    "sleep": "clock",
    "tts": "speech",
    "user": "person",
    "voicemail": "voicemail",
}
#: What the trade writes short in field names, written out.
_SPELT = {
    "cid": "caller ID",
    "clid": "caller ID",
    "dtmf": "DTMF",
    "id": "ID",
    "noop": "nothing",
    "sip": "SIP",
    "tts": "say a text",
    "url": "URL",
}
#: The label of the field that names what a verb is about.
WHICH = "Which one"
#: Smaller numbers are times and counts, which say little by themselves.
FIRST_SIP_CODE = 400
#: Fields of every verb, and those with another form in the editor.
HIDDEN = (*VerbData.model_fields,)


def humanised(name: str) -> str:
    """`suppress_clid` is "Suppress caller ID"."""
    if name == "id":
        return WHICH
    words = " ".join(_SPELT.get(word, word) for word in name.replace(".", " ").split("_"))
    return words[:1].upper() + words[1:]


def label_of(module: str) -> str:
    return gettext(humanised(module)) if module in verbs() else module


def icon_of(module: str) -> str:
    return ICONS.get(module, "flow")


def help_of(verb: AnyVerb) -> str:
    return gettext(described(verb))


def described(verb: AnyVerb) -> str:
    """A verb's docstring in one line, in English."""
    return " ".join((verb.__doc__ or "").split())


def key_help(verb: AnyVerb) -> str:
    """What each child stands for: `_: nobody answered`."""
    return "; ".join(f"{key}: {gettext(meaning)}" for key, meaning in verb.children.items())


def key_label(key: str, alone: bool) -> str:
    """The words beside a child; none for the only way on."""
    if key == DEFAULT_CHILD:
        return "" if alone else gettext("otherwise")
    return key


def words() -> list[str]:
    """Every English text of the verbs a page can show, for translators. Sorted, each once."""
    found: set[str] = set()
    for name, verb in verbs().items():
        found |= {humanised(name), described(verb), *verb.children.values()}
        found |= set(_words_of(verb.Data))
    return sorted(word for word in found if word)


def _words_of(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        if name in HIDDEN:
            continue
        inner = nested(field.annotation)
        if inner is not None:
            yield from _words_of(inner, f"{prefix}{name}_")
            continue
        yield humanised(f"{prefix}{name}")
        if field.description:
            yield field.description
        for choice in literals(field.annotation):
            yield humanised(choice)


def nested(annotation: Any) -> type[BaseModel] | None:
    """The model of a field that holds an option group, None for other fields."""
    plain = unwrapped(annotation)
    return plain if isinstance(plain, type) and issubclass(plain, BaseModel) else None


def literals(annotation: Any) -> tuple[str, ...]:
    """The choices of a field that has fixed ones."""
    plain = unwrapped(annotation)
    return tuple(map(str, get_args(plain))) if str(get_origin(plain)) == "typing.Literal" else ()


def unwrapped(annotation: Any) -> Any:
    """The type inside `X | None` and `Annotated[X, …]`."""
    if hasattr(annotation, "__metadata__"):
        return unwrapped(annotation.__origin__)
    options = [option for option in get_args(annotation) if option is not type(None)]
    if type(None) in get_args(annotation) and len(options) == 1:
        return unwrapped(options[0])
    return annotation


def summary_of(step: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """What a step does, in a few words: whom it rings, what it plays."""
    data = step.get("data") if isinstance(step.get("data"), Mapping) else {}
    assert isinstance(data, Mapping)
    entries = data.get("endpoints")
    if isinstance(entries, list):
        shown = [names.get(str(item.get("id")), "?") for item in entries if isinstance(item, Mapping)]
        return ", ".join(shown[:4]) + (" …" if len(shown) > 4 else "")
    if data.get("id"):
        return names.get(str(data["id"]), str(data["id"]))
    if data.get("duration"):
        return f"{data['duration']} {data.get('unit', 's')}"
    telling = [data.get("text"), data.get("code"), *data.values()]
    return next((str(value)[:80] for value in telling if _tells_something(value)), "")


def _tells_something(value: object) -> bool:
    return bool(value) and (isinstance(value, str) or (type(value) is int and value >= FIRST_SIP_CODE))
