"""What clients send to sign in, recover a password and restrict tokens."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from apps.foundation.documents.shape import Shape

Verb = Literal["GET", "PUT", "POST", "PATCH", "DELETE", "_"]
Name = Annotated[str, StringConstraints(pattern=r"^\w+$")]
PathPattern = Annotated[str, StringConstraints(pattern=r"^[\w/#*.+-]+$")]


class UserAuthDocument(Shape):
    """`credentials` is the hash; over TLS, `username` and `password` may stand in its place. The account is found by
    the first given of phone_number, account_realm (or realm) and account_name."""

    credentials: str | None = Field(None, min_length=1, max_length=64, description="MD5 or SHA-1 of username:password")
    method: Literal["md5", "sha"] = Field("md5", description="How credentials were made")
    username: str | None = Field(
        None, min_length=1, max_length=254, description="With password, instead of credentials"
    )
    password: str | None = Field(None, min_length=1, max_length=1024, description="In plain text, over TLS only")
    account_name: str | None = Field(None, min_length=1, max_length=128, description="The account's name")
    account_realm: str | None = Field(None, min_length=4, max_length=253, description="The account's SIP realm")
    realm: str | None = Field(None, min_length=4, max_length=253, description="The same as account_realm")
    phone_number: str | None = Field(None, min_length=1, max_length=64, description="A phone number of the account")


class RecoveryDocument(Shape):
    """Whom to mail a reset link."""

    username: str = Field(min_length=1, max_length=254, description="The person's username")
    ui_url: str | None = Field(None, max_length=2000, description="Page the link opens; the portal's where absent")
    account_name: str | None = Field(None, min_length=1, max_length=128, description="The account's name")
    account_realm: str | None = Field(None, min_length=1, max_length=253, description="The account's SIP realm")
    realm: str | None = Field(None, min_length=1, max_length=253, description="The same as account_realm")
    phone_number: str | None = Field(None, min_length=1, max_length=64, description="A phone number of the account")


class RecoveryResetDocument(Shape):
    """The id in the mailed link."""

    reset_id: str = Field(pattern=r"^[a-fA-F0-9]{40,250}$", description="The id in the link that was mailed")


class ApiAuthDocument(Shape):
    """An account's API key."""

    api_key: str = Field(min_length=64, max_length=64, description="The account's API key")


class RestrictionEntry(Shape):
    """Rules for some accounts."""

    allowed_accounts: list[str] | None = Field(
        None, description="Account ids, {AUTH_ACCOUNT_ID}, {DESCENDANT_ACCOUNT_ID} or _ for any; absent means any"
    )
    rules: dict[PathPattern, list[Verb]] = Field(
        default_factory=dict, description="Path after the endpoint (`*` one token, `#` any, `/` none) to verbs"
    )


Entries = list[RestrictionEntry] | RestrictionEntry


class TokenRestrictionsDocument(Shape):
    """Auth method (or _) → priv_level (or _) → endpoint (or _) → entries."""

    restrictions: dict[Name, dict[Name, dict[Name, Entries]]] = Field(
        default_factory=dict, description="Auth method, privilege level, endpoint, entries; `_` matches any"
    )
