#!/usr/bin/env python
"""The command line: `manage.py help` lists the commands, `manage.py up` runs everything."""

import gc
import os
import sys

from kazoo.variables import ConfigurationError


def main() -> None:
    """Run one command. A wrong environment is told plainly, without a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kazoo.settings")
    try:
        if sys.argv[1:2] == ["up"]:
            _supervise()
        else:
            _run_command()
    except ConfigurationError as error:
        sys.stderr.write(
            f"\nThe environment cannot be used.\n\n{error}\n\nAll of them: docs/administrators/settings.md\n"
        )
        sys.exit(78)  # EX_CONFIG of sysexits.h


def _supervise() -> None:
    """The supervisor needs none of the apps: it starts without loading them."""
    from kazoo.management.commands.up import Command

    Command().run_from_argv(sys.argv)


def _run_command() -> None:
    """Nearly all that is made while the apps are loaded stays: no garbage is looked for in it, then or later."""
    import django
    from django.core.management import execute_from_command_line

    gc.disable()
    django.setup()
    gc.freeze()
    gc.enable()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
