from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from apps.foundation.accounts.bridge import in_account
from apps.foundation.identity.principal import system_principal
from apps.foundation.kit.clock import now
from apps.foundation.kit.ids import is_id
from apps.pbx.callflows.asking import Asking
from apps.pbx.callflows.registry import DEFAULT_CHILD, Branch, Verb, VerbData, go_on
from apps.pbx.endpoints.documents import BlankIsAbsent, TimeZone
from apps.pbx.media.speech import Prompt, sound
from apps.pbx.schedules.actions import switch_rules
from apps.pbx.schedules.calendar import Decision
from apps.pbx.schedules.queries import Route, decide, rule_ids_of
from apps.switching.calls.port import Call

Switch = Literal["enable", "disable", "reset"]
#: The child of a set, where none has the set's id.
RULE_SET = "rule_set"
#: What a rule's `enabled` becomes, and what the caller hears then.
_SWITCHES: dict[Switch, tuple[bool | None, str]] = {
    "enable": (True, "temporal-marked_enabled"),
    "disable": (False, "temporal-marked_disabled"),
    "reset": (None, "temporal-reset"),
}
_KEYS: dict[str, Switch] = {"1": "enable", "2": "disable", "3": "reset"}
TRIES = 3


class TemporalRouteData(VerbData):
    rules: list[str] = Field(
        default_factory=list, max_length=1000, json_schema_extra={"names": "temporal_rule"},
        description="Rules in the order in which they are tried. Without them, those the children are named after.",
    )  # fmt: skip
    rule_set: str = Field(
        "", max_length=128, description="A set of rules, in place of `rules`.",
        json_schema_extra={"names": "temporal_rules_set"},
    )  # fmt: skip
    timezone: Annotated[TimeZone | None, BlankIsAbsent] = Field(
        None, description="An IANA time zone; the account's where it is absent."
    )
    action: Annotated[Literal["menu", "enable", "disable", "reset"] | None, BlankIsAbsent] = Field(
        None, description="A feature code: switch the rules on or off by hand, let the calendar decide again, or ask."
    )
    interdigit_timeout: int = Field(
        2_000, ge=1, le=10_000, description="With `menu`: time to wait for the next key. Milliseconds."
    )

    @property
    def route(self) -> Route:
        named = [key for key in self.child_keys if is_id(key)]
        return Route(self.rules, self.rule_set, named, self.timezone or "")


class RouteByTime(Verb[TemporalRouteData]):
    """Go on by the time: at the child named after the first rule that applies."""

    Data = TemporalRouteData
    children: ClassVar[dict[str, str]] = {
        "rule_set": "a rule of the set applies",
        "(the rule's or the set's id)": "this rule applies, or one of this set",
        "_": "no rule applies",
    }
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"rules": ["0123456789abcdef0123456789abcdef"], "timezone": "Europe/Berlin"},
        {"rule_set": "0123456789abcdef0123456789abcdef"},
        {"action": "menu", "rules": ["0123456789abcdef0123456789abcdef"]},
    )

    async def run(self, call: Call, data: TemporalRouteData) -> Branch:
        if data.action is not None:
            return await self._switch(call, data)
        return _branch(await in_account(call.account_id, decide, data.route, now()), data)

    async def _switch(self, call: Call, data: TemporalRouteData) -> Branch:
        await call.answer()
        action = await self._asked(call, data) if data.action == "menu" else data.action
        if action is None:
            return go_on(why="nothing was chosen")
        enabled, prompt = _SWITCHES[action]
        changed = await in_account(call.account_id, _switched, data.route, enabled, call.account_id)
        await call.play(await sound(call, Prompt(prompt)))
        return go_on(why=f"{action}: {changed} rules")

    @staticmethod
    async def _asked(call: Call, data: TemporalRouteData) -> Switch | None:
        menu = await sound(call, Prompt("temporal-menu"))
        for _try in range(TRIES):
            pressed = await call.collect(
                menu, maximum=1, timeout=10_000, interdigit_timeout=max(500, data.interdigit_timeout)
            )
            if pressed in _KEYS:
                return _KEYS[pressed]
        return None

    def explain(self, asking: Asking, data: TemporalRouteData) -> Branch:
        if data.action is not None:
            return go_on(why=f"{data.action} by hand")
        return _branch(decide(data.route, asking.at), data)

    def meaning_of(self, key: str, data: TemporalRouteData) -> str | None:
        if data.rule_set:
            return "a rule of the set applies" if key in (RULE_SET, data.rule_set) else self.children.get(key)
        if is_id(key) and (not data.rules or key in data.rules):
            return "this rule applies"
        return "no rule applies" if key == DEFAULT_CHILD else None


def _branch(decision: Decision, data: TemporalRouteData) -> Branch:
    rule = decision.rule
    if rule is None:
        return go_on(why="no rule applies")
    keys = (data.rule_set, RULE_SET) if data.rule_set else (rule.id,)
    return go_on(*keys, why=f"the rule {rule.name} applies: {decision.why.kind}")


def _switched(route: Route, enabled: bool | None, account_id: str) -> int:
    return switch_rules(rule_ids_of(route), enabled, system_principal(account_id))
