"""Databases beside that of the test, on the same server."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from psycopg import sql

from ops.stack.postgres import wheel_folder


def address(database: str) -> str:
    return os.environ["TEST_DATABASE_URL"].rpartition("/")[0] + "/" + database


def postgres(program: str, *arguments: str | Path) -> None:
    """Runs a program of the embedded PostgreSQL."""
    binary = wheel_folder() / "bin" / program
    if not binary.exists():
        pytest.skip(f"the embedded PostgreSQL has no {program} here")
    subprocess.run([binary, *arguments], check=True, stdout=subprocess.DEVNULL)


@contextmanager
def empty_database(ending: str) -> Iterator[str]:
    """The name of an empty database, which is dropped afterwards."""
    name = f"{connection.settings_dict['NAME']}_{ending}"
    with psycopg.connect(address("postgres"), autocommit=True) as server:
        server.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        try:
            yield name
        finally:
            server.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@contextmanager
def connected_to(name: str) -> Iterator[None]:
    """Django works on this database for as long as it lasts."""
    before = connection.settings_dict["NAME"]
    _connect(name)
    try:
        yield
    finally:
        _connect(before)


def _connect(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name
    ContentType.objects.clear_cache()
