"""Users in the API."""

from collections.abc import Mapping
from typing import Any

from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.resource import AccountResource, Actions
from apps.foundation.identity.principal import Role
from apps.pbx.users.actions import create_user, delete_user, replace_user
from apps.pbx.users.documents import OWN_FIELDS, UserDocument
from apps.pbx.users.models import User
from apps.pbx.users.queries import features_of


class UserResource(AccountResource):
    """People of the account. They sign in, own devices, and callflows ring them on all of those.

    A person without administrator's rights reads his own document and changes in it his password, language, time zone,
    call forwarding and do-not-disturb.
    """

    path, model, shape = "users", User, UserDocument
    summary = ("id", "username", "email", "priv_level", "timezone", "flags")
    order = "last_name"
    actions = Actions(create=create_user, replace=replace_user, delete=delete_user)
    access = Access(
        read=Role.USER,
        write=Role.ACCOUNT_ADMIN,
        own="id",
        own_write=True,
        own_fixed=tuple(sorted(UserDocument.model_fields.keys() - OWN_FIELDS)),
    )
    example = {
        "first_name": "Ada",
        "last_name": "Baker",
        "username": "ada",
        "password": "correct horse battery",
        "email": "ada@example.com",
        "priv_level": "user",
        "timezone": "Europe/London",
    }

    def summarize(self, instance: User) -> Mapping[str, Any]:
        """Names are always strings and `features` always a list: clients sort and search by them."""
        names = {"first_name": instance.first_name, "last_name": instance.last_name}
        return {**super().summarize(instance), **names, "features": features_of(instance)}
