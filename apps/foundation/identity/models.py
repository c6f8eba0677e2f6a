"""Who may sign in, and what the whole cluster must know about it.

`Login` is the part of a user that signs in; the concrete model lives in the reseller's schema. API keys, revoked
tokens, login attempts, password recoveries and token restrictions are shared rows, because they are looked up with
nothing else in hand.
"""

import json
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models

from apps.foundation.identity.passwords import (
    DigestMethod,
    digest_of,
    hash_digest,
    pretend_to_verify,
    sieve_of,
    verify_digest,
)
from apps.foundation.kit.clock import now
from apps.foundation.kit.ids import new_id


class CredentialsRefused(ValueError):
    """A username and password cannot be taken over. `field` is the document's field, `rule` crossbar's rule name."""

    def __init__(self, field: str, rule: str, message: str) -> None:
        super().__init__(message)
        self.field, self.rule, self.message = field, rule, message


class PrivilegeLevel(models.TextChoices):
    ADMIN = "admin"
    USER = "user"


class Login(AbstractBaseUser):
    """`username` is kept in lower case and is unique within its account; a person without one cannot sign in.

    The concrete model's Meta takes `constraints = [Login.unique_username("<name>")]`, and its `document_columns` take
    `*Login.login_columns`. Whoever writes username or password calls `apply_credentials`.
    """

    username = models.CharField(max_length=254, null=True, blank=True)  # noqa: DJ001 - absent is not ""
    email = models.EmailField(max_length=254, null=True, blank=True)  # noqa: DJ001 - absent is not ""
    #: Argon2id of the MD5 digest of `username:password`; empty where no password is set.
    password = models.CharField(max_length=128, blank=True, default="")
    #: Argon2id of the SHA-1 digest.
    password_sha1 = models.CharField(max_length=128, blank=True, default="")
    md5_sieve = models.CharField(max_length=8, blank=True, default="", db_index=True)
    sha1_sieve = models.CharField(max_length=8, blank=True, default="", db_index=True)
    priv_level = models.CharField(max_length=16, choices=PrivilegeLevel.choices, default=PrivilegeLevel.USER)
    enabled = models.BooleanField(default=True)
    require_password_update = models.BooleanField(default=False)
    #: Changing it voids every token and session of this person.
    token_salt = models.CharField(max_length=32, default=new_id, editable=False)

    #: Not the username: that is unique in its account only, and a schema holds many accounts.
    USERNAME_FIELD: ClassVar[str] = "id"
    #: Public document fields kept in columns of this class.
    login_columns: ClassVar[tuple[str, ...]] = ("username", "email", "priv_level", "enabled", "require_password_update")

    # Columns every tenant row has, named here for those who hold a Login and not the concrete model.
    id: Any
    account_id: Any
    deleted: Any

    class Meta:
        abstract = True

    @staticmethod
    def unique_username(name: str) -> models.UniqueConstraint:
        """The constraint for the concrete model: a deleted person's username is free again."""
        return models.UniqueConstraint(
            fields=["account_id", "username"],
            condition=models.Q(deleted=None),
            name=name,
            violation_error_code="unique",
        )

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        return bool(self.enabled) and self.deleted is None

    @property
    def is_admin(self) -> bool:
        return self.priv_level == PrivilegeLevel.ADMIN

    def apply_credentials(self, username: str | None, password: str | None) -> None:
        """Take over what a document says about signing in; `password` is plain text, None leaves it as it is.

        Raises CredentialsRefused: the digests contain the username, so a new username needs the password again.
        """
        username = username.strip().lower() if username else None
        if username == self.username and password is None:
            return
        if username is None and password is not None:
            raise CredentialsRefused("username", "required", "A password needs a username")
        if username is not None and password is None and self.password:
            raise CredentialsRefused("password", "required", "Changing the username needs the password")
        self.username = username
        if password is None:
            self._forget_password()
        else:
            self.set_password(password)

    def set_password(self, raw_password: str | None) -> None:
        """Set a new password, void every token and session. The username must be set already."""
        if raw_password is None:
            self._forget_password()
            return
        if not self.username:
            raise CredentialsRefused("username", "required", "A password needs a username")
        if not raw_password:
            raise CredentialsRefused("password", "minLength", "String must be at least 1 characters")
        md5, sha1 = (digest_of(self.username, raw_password, method) for method in ("md5", "sha"))
        self.password, self.md5_sieve = hash_digest(md5), sieve_of(md5)
        self.password_sha1, self.sha1_sieve = hash_digest(sha1), sieve_of(sha1)
        self.require_password_update = False
        self.void_tokens()

    def _forget_password(self) -> None:
        self.password = self.password_sha1 = self.md5_sieve = self.sha1_sieve = ""
        self.void_tokens()

    def void_tokens(self) -> None:
        """Make every token and session of this person worthless, once saved."""
        self.token_salt = new_id()

    def set_unusable_password(self) -> None:
        self._forget_password()

    def has_usable_password(self) -> bool:
        return bool(self.password)

    def stored_hash(self, method: DigestMethod) -> str:
        return self.password if method == "md5" else self.password_sha1

    def check_credentials(self, digest: str, method: DigestMethod) -> bool:
        """Whether `digest` (hex of `username:password`) is right. Always takes as long."""
        return verify_digest(self.stored_hash(method), digest.lower())

    def check_plain(self, plain: str) -> bool:
        if not self.username:
            return pretend_to_verify(plain)
        return self.check_credentials(digest_of(self.username, plain, "md5"), "md5")

    def check_password(self, raw_password: str | None) -> bool:
        return self.check_plain(raw_password or "")


class ApiKey(models.Model):
    """An account's API key: found by its hash, and readable again by an administrator (`GET accounts/{id}/api_key`)."""

    account_id = models.CharField(primary_key=True, max_length=32)
    key_hash = models.CharField(max_length=64, unique=True)
    key_encrypted = models.TextField()
    modified = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return self.account_id


class RevokedToken(models.Model):
    """A token that was given back before its time. The row may go once the token has expired by itself."""

    jti = models.CharField(primary_key=True, max_length=32)
    expires = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.jti


class LoginAttempt(models.Model):
    """One try to sign in, good or bad; kept for a month (`GET security/attempts`)."""

    id = models.CharField(primary_key=True, max_length=39, default=new_id, editable=False)
    account_id = models.CharField(max_length=32)
    user_id = models.CharField(max_length=32, blank=True)
    username = models.CharField(max_length=254, blank=True)
    method = models.CharField(max_length=32)
    client_ip = models.CharField(max_length=45, blank=True)
    succeeded = models.BooleanField()
    message = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    created = models.DateTimeField(default=now, db_index=True)

    #: Rows come and go by themselves: not compared when an account is moved.
    volatile = True

    class Meta:
        indexes = [models.Index(fields=["account_id", "-created"], name="identity_attempt_account")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.created:%Y-%m-%d %H:%M:%S}"


class Recovery(models.Model):
    """A password reset that was mailed. Only the hash of the id in the link is kept; it works once."""

    reset_hash = models.CharField(primary_key=True, max_length=64)
    account_id = models.CharField(max_length=32)
    user_id = models.CharField(max_length=32, db_index=True)
    created = models.DateTimeField(default=now)
    expires = models.DateTimeField(db_index=True)
    used = models.DateTimeField(null=True, blank=True)

    #: Rows come and go by themselves: not compared when an account is moved.
    volatile = True

    def __str__(self) -> str:
        return f"{self.account_id}/{self.user_id}"


#: The `account_id` of the restrictions that hold where an account has none of its own.
SYSTEM_RESTRICTIONS = "system"


class TokenRestriction(models.Model):
    """What tokens of an account may do. As text: the first rule that matches decides, and jsonb loses the order."""

    account_id = models.CharField(primary_key=True, max_length=32)
    document_text = models.TextField(default="{}")
    modified = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return self.account_id

    @property
    def document(self) -> dict[str, Any]:
        """`{"restrictions": {<auth method>|_: {<priv_level>|_: {<endpoint>|_: [...]}}}}`"""
        loaded: dict[str, Any] = json.loads(self.document_text)
        return loaded
