#!/usr/bin/env python
"""Baton's command line. `script/server` and `script/test` are the two commands to begin with."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line
    from django.db import OperationalError, connection

    try:
        execute_from_command_line(sys.argv)
    except OperationalError as error:
        if connection.connection is not None:
            raise
        sys.exit(f"{str(error).splitlines()[0]}\nStart Baton with script/server, or set DATABASE_URL.")


if __name__ == "__main__":
    main()
