"""XML written for the switch. Every value goes through `element`, so that no name can end an attribute or a tag."""

from __future__ import annotations

import re

_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
#: What XML 1.0 §2.2 does not allow at all, and newlines and tabs, which no value of ours holds.
_UNFIT = re.compile("[^\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"})


def escaped(value: str) -> str:
    """A text as it may stand in an attribute; characters XML cannot hold are left out."""
    return _UNFIT.sub("", value).translate(_ESCAPES)


def element(tag: str, *children: str, **attributes: str) -> str:
    """`<tag a="…">children</tag>`; children are XML already, attributes are not. `id_` writes `id`."""
    written = "".join(f' {name.rstrip("_").replace("_", "-")}="{escaped(value)}"' for name, value in attributes.items())
    inside = "".join(children)
    return f"<{tag}{written}>{inside}</{tag}>" if inside else f"<{tag}{written}/>"


def document(section: str, *children: str) -> bytes:
    """A whole answer to mod_xml_curl."""
    body = element("document", element("section", *children, name=section), type="freeswitch/xml")
    return (_DECLARATION + body).encode()


#: mod_xml_curl's "I do not have this": the switch then looks into its own file.
NOT_FOUND = document("result", element("result", status="not found"))
