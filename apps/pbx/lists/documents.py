"""What the documents of lists, their entries, blacklists and match lists look like."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.utils.translation import gettext as _
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from apps.foundation.documents.shape import Shape
from apps.pbx.callflows.documents import Pattern
from apps.pbx.endpoints.documents import BlankIsAbsent, Flags, Identifier

Text = Annotated[str, Field(min_length=1, max_length=128)]


class ListDocument(Shape):
    """A phone book, or numbers that flows ask about. Entries are added below it."""

    name: str = Field(min_length=1, max_length=128, description="A friendly name for the list.")
    description: Annotated[Text | None, BlankIsAbsent] = Field(None, description="What it is for.")
    org: Annotated[str | None, BlankIsAbsent] = Field(
        None, max_length=256, description="The full legal name of the organization."
    )
    list_type: Annotated[str | None, BlankIsAbsent] = Field(
        None, max_length=64, description="A user interface's own kind; phones download the entries of a `contact_list`."
    )


class Address(Shape):
    address: str | None = Field(None, max_length=512, description="The address.")
    types: list[Literal["dom", "postal", "intl", "parcel", "home", "work", "pref"]] = Field(
        default_factory=list, description="What kind of address it is (RFC 2426 §3.2.1)."
    )


class Profile(Shape):
    """More about a person, as a vCard has it."""

    addresses: list[Address] = Field(default_factory=list, max_length=20)
    assistant: str | None = Field(None, max_length=256, description="The assistant's name.")
    birthday: str | None = Field(None, max_length=32, description="The date of birth.")
    nicknames: list[Text] = Field(default_factory=list, max_length=20, description="Other names.")
    note: str | None = Field(None, max_length=4096, description="Anything else.")
    role: str | None = Field(None, max_length=256, description="The part played in the organization.")
    title: str | None = Field(None, max_length=256, description="The job.")


class ListEntryDocument(Shape):
    """A number or a pattern of numbers, and whose it is."""

    list_id: Identifier | None = Field(None, description="The list it is in: the one in the address.")
    number: Annotated[str | None, BlankIsAbsent] = Field(None, max_length=64, description="The phone number.")
    pattern: Annotated[Pattern | None, BlankIsAbsent] = Field(
        None, description="A regular expression over numbers in E.164.", examples=[r"^\+4930"]
    )
    displayname: Annotated[Text | None, BlankIsAbsent] = Field(None, description="The name to show.")
    firstname: Annotated[Text | None, BlankIsAbsent] = Field(None, description="The first name.")
    lastname: Annotated[Text | None, BlankIsAbsent] = Field(None, description="The last name.")
    type: Annotated[Text | None, BlankIsAbsent] = Field(None, description="A user interface's own kind.")
    capture_group_key: Annotated[str | None, BlankIsAbsent] = Field(
        None, max_length=32, description="The digits dialled that choose this entry, for `dynamic_cid`."
    )
    capture_group_length: int | None = Field(None, ge=1, le=32, description="How many digits that is.")
    profile: Profile = Field(default_factory=Profile)


class BlacklistDocument(Shape):
    """Callers who are turned away. It counts where an account, a user or a device names it in `blacklists`."""

    name: str = Field(min_length=1, max_length=128, description="A friendly name for the blacklist.")
    numbers: dict[Annotated[str, Field(min_length=1, max_length=64)], dict[str, Any]] = Field(
        default_factory=dict, max_length=50_000, description="The numbers, each with notes about it."
    )
    should_block_anonymous: bool = Field(False, description="Turn away callers who hide their number, too.")
    flags: Flags | None = Field(None, description="Marks set by other applications.")


class MatchRule(Shape):
    """One kind of caller."""

    type: Literal["number", "regex", "list", "anonymous", "internal", "external"] = Field(
        description="What is compared: the caller's number, a pattern, a list's entries; or that he hides his number, "
        "calls from inside the account, or from outside."
    )
    numbers: list[Annotated[str, Field(min_length=1, max_length=64)]] = Field(
        default_factory=list, max_length=1000, description="With `number`: the numbers."
    )
    regex: Annotated[Pattern | None, BlankIsAbsent] = Field(
        None, description="With `regex`: a regular expression over numbers in E.164."
    )
    list_id: Annotated[Identifier | None, BlankIsAbsent] = Field(None, description="With `list`: the list.")
    temporal_rules: list[Identifier] = Field(
        default_factory=list, max_length=100, description="Only while one of these rules applies."
    )

    @model_validator(mode="after")
    def _complete(self) -> MatchRule:
        missing = {"number": not self.numbers, "regex": self.regex is None, "list": self.list_id is None}
        if missing.get(self.type):
            raise PydanticCustomError("required", _("A rule of this type says what it compares with"))
        return self


class MatchListDocument(Shape):
    """Callers described by rules: it matches when one of them does."""

    name: str = Field(min_length=1, max_length=128, description="A friendly name for the match list.")
    rules: list[MatchRule] = Field(default_factory=list, max_length=100, description="Tried in this order.")
    flags: Flags | None = Field(None, description="Marks set by other applications.")
