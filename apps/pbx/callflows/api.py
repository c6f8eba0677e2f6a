"""Callflows in the API: the documents, their drafts and versions, what is odd about them, and what they would do."""

from collections.abc import Mapping
from typing import Any

from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.answers import Answer, Listing, Rows
from apps.foundation.crossbar.documents import body_of
from apps.foundation.crossbar.errors import NotFound, ValidationFailed
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import AccountResource, Actions, item_route, route
from apps.foundation.crossbar.validation import parse
from apps.foundation.identity.principal import Role
from apps.pbx.callflows.actions import checked, create_callflow, delete_callflow, replace_callflow
from apps.pbx.callflows.api_documents import (
    DraftDocument,
    Publishing,
    Reverting,
    asking_of,
    draft_document,
    trace_document,
    trace_summary,
    version_document,
    version_summary,
)
from apps.pbx.callflows.comparing import compare
from apps.pbx.callflows.documents import CallflowDocument
from apps.pbx.callflows.drafts import (
    change_draft,
    create_draft,
    delete_draft,
    find_draft,
    publish_draft,
    revert,
)
from apps.pbx.callflows.explaining import explain_callflow
from apps.pbx.callflows.lint import lint
from apps.pbx.callflows.models import Callflow, CallflowDraft, CallflowVersion, CallTrace
from apps.pbx.callflows.queries import modules_of
from apps.pbx.callflows.versions import find_version, latest_number

WARNING = {"path": "flow.data.id", "rule": "missing", "message": "There is no device with this id", "cause": "0123…"}
STEP: dict[str, Any] = {"number": 1, "after": None, "when": "The callflow begins", "certain": True, "path": []}
EXPLANATION = {"verdict": "The call is answered by a callflow", "refused": False, "steps": [STEP], "complete": True}
CHANGE = {"path": "flow.data.timeout", "keys": ["flow", "data", "timeout"], "change": "changed", "from": 20, "to": 30}
VERSION = {"version": 3, "note": "", "author_id": "0123…", "created": 63900000000, "is_current": True}


class CallflowResource(AccountResource):
    """What happens with calls to some numbers: a tree of steps, each a verb with its data and its children.

    Saving is answered with `warnings` beside `data`: missing things, ways never taken, dead ends, loops.
    """

    path, model, shape = "callflows", Callflow, CallflowDocument
    summary = ("id", "name", "type", "numbers", "patterns", "owner_id", "flags")
    actions = Actions(create=create_callflow, replace=replace_callflow, delete=delete_callflow)
    access = Access(read=Role.ACCOUNT_ADMIN, write=Role.ACCOUNT_ADMIN)
    parents = {"users": "owner_id"}
    example = {
        "name": "Closed",
        "numbers": ["7999"],
        "flow": {"module": "hangup", "data": {}, "children": {}},
    }

    def summarize(self, instance: Callflow) -> Mapping[str, Any]:
        """`featurecode` is false where the flow is none; `modules` are the verbs in it."""
        featurecode = instance.document.get("featurecode") or False
        return {**super().summarize(instance), "featurecode": featurecode, "modules": modules_of(instance.flow)}

    def created(self, request: ApiRequest, instance: Callflow) -> Answer:
        answer = super().created(request, instance)
        return Answer(answer.data, 201, answer.revision, answer.location, _warnings(instance))

    def store(self, request: ApiRequest, instance: Callflow, document: dict[str, Any]) -> Any:
        """Validate a whole document and put it in the place of the instance's."""
        answer = super().store(request, instance, document)
        return Answer(answer.data, revision=answer.revision, envelope=_warnings(instance))

    @route("lint", methods=("POST",), shape=CallflowDocument, example={"errors": {}, "warnings": [WARNING]})
    def lint(self, request: ApiRequest) -> dict[str, Any]:
        """What is wrong and what is odd about a callflow, without saving it.

        `errors` are what saving would refuse, by dotted path; `warnings` what it would only say. An `id` in the
        document says which callflow it is to become, so that its own numbers and loops are known.
        """
        own_id = str(request.data.get("id") or "") if isinstance(request.data, dict) else ""
        document = body_of(request)
        errors: Mapping[str, Any] = {}
        try:
            document = checked(document, own_id)
        except ValidationFailed as refused:
            errors = refused.violations
        flow = document.get("flow")
        warnings = lint(flow, own_id) if isinstance(flow, dict) and not _breaks_the_tree(errors) else []
        return {"errors": dict(errors), "warnings": [warning.as_document() for warning in warnings]}

    @item_route("lint", methods=("GET",), example=[WARNING])
    def lint_saved(self, request: ApiRequest, instance: Callflow) -> list[dict[str, Any]]:
        """What is odd about a saved callflow now: things it names may be gone since."""
        return [warning.as_document() for warning in lint(instance.flow, instance.id)]

    @item_route("explain", methods=("GET",), example=EXPLANATION)
    def explain(self, request: ApiRequest, instance: Callflow) -> dict[str, Any]:
        """What this callflow would do with a call: every step, and why it is taken.

        `from` and `to` are numbers, `at` a time (ISO 8601, UTC unless it says otherwise, or
        Gregorian seconds; now where absent), `digits` what the
        caller presses, one entry for each time he is asked (`digits=1,204`), `device_id` the phone that calls.
        """
        asking = asking_of(request, instance.numbers[0] if instance.numbers else "")
        return explain_callflow(instance, asking).as_document(asking)

    # Drafts

    @item_route("drafts", methods=("GET",), example=[{"id": "0123…", "name": "Christmas", "based_on": 3}])
    def drafts(self, request: ApiRequest, instance: Callflow) -> Rows:
        """The callflow's drafts, oldest first."""
        rows = CallflowDraft.objects.filter(callflow_id=instance.id)
        return Rows([draft_document(draft, whole=False) for draft in rows])

    @item_route("drafts", methods=("PUT",), shape=DraftDocument)
    def add_draft(self, request: ApiRequest, instance: Callflow) -> Answer:
        """Begin a draft: of `document`, or of the callflow as it is."""
        given = parse(DraftDocument, body_of(request))
        draft = create_draft(instance, given.name, given.document, request.principal)
        return Answer(draft_document(draft), status=201)

    @item_route("drafts/{draft_id}", methods=("GET",), example={"id": "0123…", "document": {"flow": {}}})
    def draft(self, request: ApiRequest, instance: Callflow) -> dict[str, Any]:
        """One draft with its document, and what saving would say about it."""
        draft = find_draft(instance, request.arguments["draft_id"])
        return draft_document(draft)

    @item_route("drafts/{draft_id}", methods=("POST",), shape=DraftDocument)
    def replace_draft(self, request: ApiRequest, instance: Callflow) -> dict[str, Any]:
        """Replace what the draft holds; it need not be complete yet."""
        draft = find_draft(instance, request.arguments["draft_id"])
        given = parse(DraftDocument, body_of(request))
        document = draft.document if given.document is None else given.document
        return draft_document(change_draft(draft, given.name or draft.name, document, request.principal))

    @item_route("drafts/{draft_id}", methods=("DELETE",), example={"id": "0123…"})
    def remove_draft(self, request: ApiRequest, instance: Callflow) -> dict[str, Any]:
        """Throw a draft away."""
        draft = find_draft(instance, request.arguments["draft_id"])
        delete_draft(draft, request.principal)
        return draft_document(draft)

    @item_route("publish", methods=("POST",), shape=Publishing)
    def publish(self, request: ApiRequest, instance: Callflow) -> Answer:
        """Let calls follow a draft (`draft_id`). `force` does so even where the callflow has changed since it began."""
        given = parse(Publishing, body_of(request))
        draft = find_draft(instance, given.draft_id)
        return self._written(publish_draft(instance, draft, request.principal, force=given.force))

    # Versions

    @item_route("versions", methods=("GET",), example=[VERSION])
    def versions(self, request: ApiRequest, instance: Callflow) -> Rows:
        """Every version of the callflow, the newest first."""
        current = latest_number(instance)
        rows = CallflowVersion.objects.filter(callflow_id=instance.id).defer("document")
        return Rows([version_summary(row, current) for row in rows])

    @item_route("versions/{version}", methods=("GET",), example={**VERSION, "document": {"flow": {}}})
    def version(self, request: ApiRequest, instance: Callflow) -> dict[str, Any]:
        """One version with its document."""
        return version_document(find_version(instance, request.arguments["version"]), latest_number(instance))

    @item_route("versions/{version}/diff", methods=("GET",), example=[CHANGE])
    def diff(self, request: ApiRequest, instance: Callflow) -> list[dict[str, Any]]:
        """What changed from version `with` (the one before where absent) to this one."""
        version = find_version(instance, request.arguments["version"])
        other = request.query.get("with", "")
        if not other and version.number == 1:
            return compare({}, version.document)
        return compare(find_version(instance, other or version.number - 1).document, version.document)

    @item_route("revert", methods=("POST",), shape=Reverting)
    def revert(self, request: ApiRequest, instance: Callflow) -> Answer:
        """Make the callflow what it was in `version`; that becomes its newest version."""
        given = parse(Reverting, body_of(request))
        return self._written(revert(instance, given.version, request.principal))

    def _written(self, instance: Callflow) -> Answer:
        return Answer(self.document(instance), revision=self.revision(instance), envelope=_warnings(instance))


class CallTraceResource(AccountResource):
    """The steps calls took through their callflows and why, newest first, of the last 31 days unless `created_from`
    and `created_to` say otherwise. A call going on is written every few seconds."""

    path, model = "call_traces", CallTrace
    access = Access(read=Role.ACCOUNT_ADMIN)
    order = "-started"
    time_column = "started"
    ranges = {"created": "started"}
    hex_ids = False

    def find(self, request: ApiRequest) -> CallTrace:
        """By the trace's id, or by the call's: a call record's `call_id` leads here."""
        rows = self.visible(request)
        found = rows.filter(id=request.id).first() or rows.filter(call_id=request.id).order_by("-started").first()
        if not isinstance(found, CallTrace):
            raise NotFound(request.id)
        return found

    def document(self, instance: CallTrace) -> dict[str, Any]:
        return trace_document(instance)

    def summarize(self, instance: CallTrace) -> Mapping[str, Any]:
        return trace_summary(instance)

    def revision(self, instance: CallTrace) -> str | None:
        return f"{instance.id}-{len(instance.steps)}-{instance.ended is not None}"

    def listing(self, request: ApiRequest) -> Listing:
        return self.listing_of(self.visible(request))


def _warnings(callflow: Callflow) -> dict[str, Any]:
    found = lint(callflow.flow, callflow.id)
    return {"warnings": [warning.as_document() for warning in found]} if found else {}


def _breaks_the_tree(errors: Mapping[str, Any]) -> bool:
    return any(rule in ("type", "maxDepth", "maxItems") for rules in errors.values() for rule in rules)
