"""What a phone number's document looks like, and how it is read from its row."""

from typing import Annotated, Any, Literal

from pydantic import Field

from apps.foundation.documents.shape import Shape
from apps.foundation.kit.clock import to_gregorian
from apps.pbx.endpoints.documents import EmailAddress
from apps.pbx.numbers.models import PhoneNumber

#: Facts a client reads and posts back: never taken over from a document.
READ_ONLY = ("_read_only", "assigned_to", "create_with_state", "features", "id", "state", "used_by")
FEATURES_AVAILABLE = ("cnam", "e911", "prepend")


class CallerName(Shape):
    """The name that goes with the number (CNAM)."""

    display_name: str | None = Field(None, min_length=1, max_length=15, description="The name callees see.")
    inbound_lookup: bool | None = Field(
        None, description="Whether the names of callers are looked up in the account's phone books."
    )


class Prepend(Shape):
    """Text before the caller's name, so that one sees which number was called."""

    enabled: bool | None = Field(None, description="Whether it is put before the name.")
    name: str | None = Field(None, max_length=64, description="What is put before the caller's name.")
    number: str | None = Field(None, max_length=35, description="What is put before the caller's number.")


class EmergencyAddress(Shape):
    """Where emergency services find the caller."""

    street_address: str = Field(max_length=128, description="Street and house number.")
    extended_address: str | None = Field(None, max_length=128, description="Floor, suite or apartment.")
    locality: str = Field(max_length=128, description="The town.")
    region: str = Field(min_length=2, max_length=2, description="The state or province, two letters.")
    postal_code: str = Field(max_length=16, description="The postal code.")
    caller_name: str | None = Field(None, min_length=3, max_length=128, description="The name shown to the dispatcher.")
    notification_contact_emails: list[EmailAddress] | None = Field(None, description="Who is told of such a call.")


class PhoneNumberDocument(Shape):
    """A phone number of the account."""

    carrier_name: str | None = Field(None, min_length=1, max_length=30, description="Which carrier it comes from.")
    cnam: CallerName | None = None
    e911: EmergencyAddress | None = None
    prepend: Prepend | None = None
    create_with_state: (
        Literal[
            "aging",
            "available",
            "deleted",
            "discovery",
            "in_service",
            "port_in",
            "port_out",
            "released",
            "reserved",
        ]
        | None
    ) = Field(None, description="The state to create it in; `reserved` where absent.")


class NumberList(PhoneNumberDocument):
    """Several numbers at once, and what is to be written to each."""

    numbers: list[Annotated[str, Field(max_length=36)]] = Field(
        min_length=1, max_length=1000, description="The numbers."
    )


def features_of(number: PhoneNumber) -> list[str]:
    """The names of what is set up on a number."""
    document = number.document
    cnam = document.get("cnam") or {}
    found = {
        "e911": bool(document.get("e911")),
        "inbound_cnam": bool(cnam.get("inbound_lookup")),
        "local": number.carrier_name == "local",
        "outbound_cnam": bool(cnam.get("display_name")),
        "prepend": bool((document.get("prepend") or {}).get("enabled")),
    }
    return [name for name, is_set in found.items() if is_set]


def to_document(number: PhoneNumber) -> dict[str, Any]:
    """What a client reads."""
    features = features_of(number)
    used = {"used_by": number.used_by} if number.used_by else {}
    facts: dict[str, Any] = {"state": number.state, "features": features, **used}
    read_only = {
        "created": to_gregorian(number.created),
        "modified": to_gregorian(number.modified),
        "features_available": list(FEATURES_AVAILABLE),
        **facts,
    }
    return {
        **number.document,
        "carrier_name": number.carrier_name,
        **facts,
        "id": number.number,
        "_read_only": read_only,
    }


def apply_document(number: PhoneNumber, document: dict[str, Any]) -> None:
    """Take over a whole validated document; facts in it are ignored."""
    number.carrier_name = document.get("carrier_name") or "local"
    number.document = {key: value for key, value in document.items() if key not in (*READ_ONLY, "carrier_name")}
