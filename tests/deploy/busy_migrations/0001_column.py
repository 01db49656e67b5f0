from django.db import migrations


class Migration(migrations.Migration):
    """Needs the table of teams for itself, for a moment."""

    initial = True
    operations = [
        migrations.RunSQL(
            "alter table teams_team add column tried_under_load integer",
            "alter table teams_team drop column tried_under_load",
        )
    ]
