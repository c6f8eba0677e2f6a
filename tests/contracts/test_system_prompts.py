"""The system's own prompts over the API."""

from __future__ import annotations

import pytest

from apps.pbx.media.prompts import prompts
from tests.api_client import ApiClient
from tests.company import Company

pytestmark = [pytest.mark.django_db, pytest.mark.urls("apps.foundation.crossbar.urls")]


def test_an_administrator_sees_what_there_is_to_replace(company: Company) -> None:
    carol = ApiClient(company.people["carol"].token, company.tree.clinic)
    (counted,) = carol.get("/v2/media/prompts").data
    assert counted["vm-enter_pass"] == 10
    assert set(counted) == set(prompts())
    (languages,) = carol.get("/v2/media/languages").data
    assert languages["zh"] == len(prompts())
    said = carol.get("/v2/media/prompts/vm-goodbye").data
    assert (said["en"], said["es"], said["ru"]) == ("Goodbye.", "Adiós.", "До свидания.")
    assert carol.get("/v2/media/prompts/vm-nonsense").status == 404


def test_an_account_says_how_it_is_spoken_to(company: Company) -> None:
    carol = ApiClient(company.people["carol"].token, company.tree.clinic)
    reply = carol.patch("/v2/accounts/" + company.tree.clinic.id, {"tts": {"voice": "male", "engine": "http"}})
    assert reply.data["tts"] == {"voice": "male", "engine": "http"}
    assert carol.patch("/v2/accounts/" + company.tree.clinic.id, {"tts": {"voice": "v" * 65}}).status == 400
