from django.db import migrations


class Migration(migrations.Migration):
    """Who does not know the new column cannot add a team any more."""

    initial = True
    operations = [migrations.RunSQL("ALTER TABLE teams_team ADD COLUMN motto text NOT NULL")]
