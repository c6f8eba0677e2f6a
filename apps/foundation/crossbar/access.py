"""Who may do what on a resource. Stated once in the resource's `access`, enforced for every request."""

from dataclasses import dataclass

from apps.foundation.identity.principal import Role


@dataclass(frozen=True, slots=True)
class Access:
    """`read` and `write` are the least role that may; a role holds in the caller's own account and those below it.

    A plain user (Role.USER) is let into no account but their own. With `own` (a column) they see only the rows in
    which it holds their id, and with `own_write` they may change those too, except for the top-level fields named in
    `own_fixed`, and may neither create nor delete them. `public` verbs need no credential, and a bad one is ignored.
    """

    read: Role = Role.USER
    write: Role = Role.ACCOUNT_ADMIN
    own: str | None = None
    own_write: bool = False
    own_fixed: tuple[str, ...] = ()
    public: tuple[str, ...] = ()

    def needs(self, verb: str) -> Role:
        return self.read if verb in ("GET", "HEAD") else self.write
