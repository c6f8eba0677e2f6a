"""The card of the star codes, in every language of the user interface."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.foundation.crossbar.reference import Page, register_pages
from apps.pbx.feature_codes.queries import offered


def card_pages() -> list[Page]:
    """One page for each language: `feature-codes.md` in English, `feature-codes.<language>.md`."""
    pages = []
    for language, _name in settings.LANGUAGES:
        with override(language):
            suffix = "" if language == "en" else f".{language}"
            pages.append(Page(f"feature-codes{suffix}.md", _card()))
    return pages


def _card() -> str:
    lines = [f"# {_('Feature codes')}", ""]
    lines += [_("What can be dialled on every phone, unless your administrator changed it."), ""]
    lines += [f"| {_('Dial')} | {_('followed by')} | {_('What it does')} |", "|---|---|---|"]
    for code in sorted(offered(), key=lambda code: (not code.is_star, code.dialled)):
        rest = str(code.rest_label)
        if rest and code.rest == "optional":
            rest = _("%(what)s, or nothing") % {"what": rest}
        lines.append(f"| `{code.dialled}` | {rest} | {code.label} |")
    return "\n".join(lines)


register_pages("docs/users", card_pages)
