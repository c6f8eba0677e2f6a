#!/usr/bin/env python
"""The command line: `manage.py help` lists the commands, `manage.py up` runs everything."""

import os
import sys

from kazoo.variables import ConfigurationError


def main() -> None:
    """Run one command. A wrong environment is told plainly, without a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kazoo.settings")
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ConfigurationError as error:
        sys.stderr.write(
            f"\nThe environment cannot be used.\n\n{error}\n\nAll of them: docs/administrators/settings.md\n"
        )
        sys.exit(78)  # EX_CONFIG of sysexits.h


if __name__ == "__main__":
    main()
