"""What a start loads: each process pays for it in time and memory, and there are seven."""

from __future__ import annotations

import subprocess
import sys

from kazoo.variables import REPOSITORY

#: Large libraries that few processes ever use; whoever does, loads them then.
LATE = ("numpy", "soundfile", "soxr", "httpx", "num2words", "babel", "holidays", "phonenumbers", "jwt")

SETUP = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "kazoo.settings"
import django
django.setup()
"""
COMMANDS = """
from apps.interfaces.freeswitch.management.commands import calls, switch
from kazoo.management.commands import beat, worker
assert not any(module.Command.requires_system_checks for module in (calls, switch, beat, worker))
from kazoo.celery import app
app.loader.import_default_modules()
"""
UP = """
import manage
sys.argv = ["manage.py", "up", "--help"]
try:
    manage.main()
except SystemExit as ended:
    assert not ended.code
"""


def loaded(script: str, *names: str) -> list[str]:
    """Those of the modules `names` that are there when the script has run, in a process of its own."""
    wanted = f"print('loaded:', *(name for name in {names!r} if name in sys.modules))"
    command = [sys.executable, "-c", f"import sys\n{script}\n{wanted}"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1].split()[1:]


def test_libraries_few_processes_use_are_not_loaded_with_the_apps() -> None:
    assert loaded(SETUP, *LATE, "cryptography.fernet") == []


def test_only_the_web_process_loads_its_pages() -> None:
    assert loaded(SETUP + COMMANDS, "kazoo.urls", "celery", "apps.pbx.callflows.engine") == [
        "celery",
        "apps.pbx.callflows.engine",
    ]


def test_the_supervisor_loads_no_apps() -> None:
    names = ("django.core.management", "django.db.models", "celery", "pydantic")
    assert loaded(UP, *names) == ["django.core.management"]
