"""`GET /files/<signed token>.wav`: a file for whoever was given the link. Byte ranges as in RFC 9110 §14."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from apps.foundation.accounts.scope import AccountUnknown, account_scope
from apps.foundation.crossbar.answers import Download
from apps.foundation.crossbar.errors import RangeNotSatisfiable
from apps.foundation.crossbar.rendering import download_response
from apps.foundation.storage.actions import note_download, open_file
from apps.foundation.storage.errors import BadFileAddress, NotStored
from apps.foundation.storage.links import read_link
from apps.foundation.storage.queries import find_file


@require_safe
def linked_file(request: HttpRequest, token: str) -> HttpResponseBase:
    """403 for a link that is forged or too old, 404 where its file is not there. Every time somebody begins to listen
    is in the audit trail; the parts that follow are not."""
    try:
        link = read_link(token)
        with account_scope(link.account_id):
            file = find_file(link.file_id)
            if file is None:
                raise NotStored(link.file_id)
            opened = open_file(file)
            if request.headers.get("Range", "bytes=0-").startswith("bytes=0-"):
                note_download(link.principal, link.target_type, link.target_id)
    except BadFileAddress:
        return HttpResponse("This link is not valid any more.\n", status=403, content_type="text/plain")
    except (NotStored, AccountUnknown):
        return HttpResponse("The file is not there.\n", status=404, content_type="text/plain")
    given = Download(opened, file.size, file.content_type, link.name, file.sha256, link.inline)
    try:
        answer = download_response(request, given)
    except RangeNotSatisfiable as error:
        return HttpResponse(status=416, headers=error.headers)
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer
