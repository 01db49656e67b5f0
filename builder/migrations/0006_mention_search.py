from django.contrib.postgres.operations import TrigramExtension
from django.core.management import CommandError
from django.db import ProgrammingError, migrations


class OwnTrigramExtension(TrigramExtension):
    """Says what to do where the database's user may not make it."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        except ProgrammingError as error:
            raise CommandError(
                "Baton may not add the extension pg_trgm to its database: please let an administrator of that database"
                " run CREATE EXTENSION pg_trgm there, then start again."
            ) from error


class Migration(migrations.Migration):
    dependencies = [("builder", "0005_drafts")]

    operations = [
        OwnTrigramExtension(),
        # Who is meant by what was typed behind an @: by a part of the name, or by one that is spelled like it. Without
        # fastupdate: a name is looked for a hundred times as often as one is written.
        migrations.RunSQL(
            "create index live_agent_names_by_trigram on builder_agent"
            " using gin (lower(name) gin_trgm_ops) with (fastupdate = off) where deleted_at is null",
            "drop index live_agent_names_by_trigram",
        ),
    ]
