from django.contrib.postgres.operations import TrigramExtension
from django.core.management import CommandError
from django.db import ProgrammingError, migrations

from data.constraints import same_team

# What an agent was told is history: nothing of a revision changes but its status, and that only from live to historic.
# A draft does not change either: saving one puts another row in its place.
IMMUTABLE_REVISIONS = """
create function builder_revision_refuse() returns trigger language plpgsql as $$
begin
  if (old.agent_id, old.number, old.aop, old.model, old.fallback, old.note, old.based_on, old.created_at)
     is distinct from
     (new.agent_id, new.number, new.aop, new.model, new.fallback, new.note, new.based_on, new.created_at)
     or not (new.status = old.status or (old.status = 'live' and new.status = 'historic')) then
    raise exception 'a % revision never changes', old.status;
  end if;
  return new;
end $$;
create trigger immutable before update on builder_revision
for each row execute function builder_revision_refuse();
"""
MUTABLE_REVISIONS = "drop trigger immutable on builder_revision; drop function builder_revision_refuse()"

# Which agent does the text typed after an @ mean: by a part of the name, or by a name that is spelled like it? Without
# fastupdate, because names are looked up a hundred times as often as one is written.
NAMES_BY_TRIGRAM = (
    "create index live_agent_names_by_trigram on builder_agent"
    " using gin (lower(name) gin_trgm_ops) with (fastupdate = off) where deleted_at is null"
)

# Rows are added to all day: with room beside them on their page, an update leaves the index untouched.
ROOM_FOR_UPDATES = "alter table builder_usage set (fillfactor = 70)"


class OwnTrigramExtension(TrigramExtension):
    """Says what to do if the database's user may not add the extension."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        except ProgrammingError as error:
            raise CommandError(
                "Baton may not add the extension pg_trgm to its database: please let an administrator of that database"
                " run CREATE EXTENSION pg_trgm there, then start again."
            ) from error


class Migration(migrations.Migration):
    dependencies = [("builder", "0002_queue_connections")]

    operations = [
        same_team("builder_revision", "agent_id", "builder_agent"),
        same_team("builder_mention", "revision_id", "builder_revision"),
        same_team("builder_mention", "target_id", "builder_agent"),
        same_team("builder_usage", "agent_id", "builder_agent"),
        same_team("builder_servertool", "server_id", "builder_toolserver"),
        same_team("builder_toolconnection", "agent_id", "builder_agent"),
        same_team("builder_toolconnection", "tool_id", "builder_servertool"),
        same_team("builder_queueconnection", "agent_id", "builder_agent"),
        same_team("builder_queueconnection", "queue_id", "cases_queue"),
        migrations.RunSQL(IMMUTABLE_REVISIONS, MUTABLE_REVISIONS),
        OwnTrigramExtension(),
        migrations.RunSQL(NAMES_BY_TRIGRAM, "drop index live_agent_names_by_trigram"),
        migrations.RunSQL(ROOM_FOR_UPDATES, "alter table builder_usage reset (fillfactor)"),
    ]
