"""Where rooms above hook into an account's life. An app registers its reactions in `AppConfig.ready`.

A reaction runs inside the transaction of the change. What leaves the database (hanging up a call, ending a
registration) waits for its commit with `transaction.on_commit`.
"""

from collections.abc import Callable

from apps.foundation.accounts.models import Account

Reaction = Callable[[Account], None]


class Moment:
    """A kind of change. Registering a reaction twice does nothing."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._reactions: list[Reaction] = []

    def register(self, reaction: Reaction) -> Reaction:
        if reaction not in self._reactions:
            self._reactions.append(reaction)
        return reaction

    def unregister(self, reaction: Reaction) -> None:
        self._reactions.remove(reaction)

    def happen(self, account: Account) -> None:
        for reaction in self._reactions:
            reaction(account)


#: The account cannot be used any more, nor can those below it: it was disabled or deleted. Told of this account only;
#: those below keep what they are (`accounts.queries.is_suspended`), so that they work again together with it.
suspended = Moment("suspended")
#: The account can be used again: it was enabled or restored.
resumed = Moment("resumed")
#: Its document was replaced: its realm, caller identity or language may be others now.
changed = Moment("changed")
#: The account lives in another schema now, or below another parent.
moved = Moment("moved")
#: The account is about to be removed for good, with every row that names it.
removed = Moment("removed")
