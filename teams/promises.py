"""Promises that the database keeps itself, as migration operations."""

from django.db.migrations import RunSQL


def same_team(table: str, column: str, parent: str) -> RunSQL:
    """`table.column` names a row of `parent` that belongs to the same team.

    Takes the place of Django's own foreign key (`db_constraint=False`), which cannot include the team.
    """
    name = f"{table}_{column}_same_team"
    return RunSQL(
        f"alter table {table} add constraint {name} foreign key (team_id, {column}) references {parent} (team_id, id)"
        " deferrable initially deferred",
        f"alter table {table} drop constraint {name}",
    )


def append_only(table: str) -> RunSQL:
    """Rows of `table` are never changed or deleted."""
    return RunSQL(
        f"""
        create function {table}_refuse() returns trigger language plpgsql as $$
        begin raise exception '{table} is append-only'; end $$;
        create trigger append_only before update or delete on {table}
        for each row execute function {table}_refuse();
        """,
        f"drop trigger append_only on {table}; drop function {table}_refuse()",
    )
