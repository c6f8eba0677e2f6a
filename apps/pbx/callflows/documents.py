"""What a callflow's document looks like. The tree below `flow` is checked by the verbs themselves (see `registry`)."""

from typing import Annotated, Any

from django.utils.translation import gettext as _
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from apps.foundation.documents.shape import Shape
from apps.foundation.kit.patterns import BadPattern, compile_pattern
from apps.pbx.endpoints.documents import BlankIsAbsent, Flags

#: The number that stands for "whatever nothing else matched".
NO_MATCH = "no_match"


def _pattern(text: str) -> str:
    try:
        compile_pattern(text)
    except BadPattern as problem:
        raise PydanticCustomError("regex", _("Pattern refused: {why}"), {"why": str(problem)}) from None
    return text


Number = Annotated[str, Field(min_length=1, max_length=36, pattern=r"^[^\s\x00-\x1f]+$")]
#: A regular expression over what is dialled, refused where matching it could take for ever.
Pattern = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(_pattern)]


class FeatureCode(Shape):
    """What a user interface shows for a flow that is a feature code."""

    name: str | None = Field(None, min_length=1, max_length=128, description="The feature (`call_forward[action=on]`).")
    number: str | None = Field(None, min_length=1, max_length=30, description="The digits after the star.")


class Ringback(Shape):
    early: str | None = Field(None, max_length=2048, description="What is played until the answer: a media id.")
    transfer: str | None = Field(None, max_length=2048, description="What is played during a transfer: a media id.")


class CallflowDocument(Shape):
    """What happens with calls to some numbers: a tree of steps."""

    name: Annotated[str | None, BlankIsAbsent] = Field(None, max_length=128, description="A friendly name.")
    numbers: list[Number] = Field(
        default_factory=list,
        max_length=1000,
        description="What is dialled: phone numbers in E.164, extensions, words, or `no_match` for all the rest.",
        examples=[["+15551230001", "1001"]],
    )
    patterns: list[Pattern] = Field(
        default_factory=list,
        max_length=100,
        description="Regular expressions, tried where no number matches; the longest captured group wins.",
        examples=[[r"^\*72([0-9]*)$"]],
    )
    flow: dict[str, Any] = Field(
        default_factory=dict,
        description="The first step: `{module, data, children: {key: step}}`.",
        examples=[{"module": "hangup", "data": {}, "children": {}}],
    )
    type: Annotated[str | None, BlankIsAbsent] = Field(None, max_length=64, description="A user interface's own kind.")
    owner_id: Annotated[str | None, BlankIsAbsent] = Field(
        None, max_length=32, description="The user whose callflow it is."
    )
    featurecode: FeatureCode | None = None
    ringback: Ringback | None = None
    metaflow: dict[str, Any] | None = Field(None, description="What digits do during a call.")
    contact_list: dict[str, Any] | None = Field(None, description="`{exclude}`: leave it out of contact lists.")
    flags: Flags | None = Field(None, description="Marks set by other applications.")
