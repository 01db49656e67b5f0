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


def same_team_through(table: str, column: str, parent: str, *, owner_column: str, owner: str) -> RunSQL:
    """`table.column` names a row of `parent` that belongs to the team of its owner: rows of `table` say no team.

    A look at all rows of a statement at once, since such tables are written in thousands.
    """
    name = f"{table}_{column}_same_team"
    written = "referencing new table as written for each statement execute function"
    return RunSQL(
        f"""
        create function {name}() returns trigger language plpgsql as $$
        begin
          if exists (
            select from written join {owner} o on o.id = written.{owner_column}
            join {parent} p on p.id = written.{column} where p.team_id <> o.team_id
          ) then raise foreign_key_violation using message = '{name}: it belongs to another team'; end if;
          return null;
        end $$;
        create trigger {column}_same_team after insert on {table} {written} {name}();
        create trigger {column}_same_team_still after update on {table} {written} {name}();
        """,
        f"drop trigger {column}_same_team on {table}; drop trigger {column}_same_team_still on {table};"
        f" drop function {name}()",
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


def without_leftovers(index: str) -> RunSQL:
    """Before an index is built beside those who write: what an interrupted migration left of it goes first."""
    return RunSQL(f"drop index concurrently if exists {index}", RunSQL.noop)
