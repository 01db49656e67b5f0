from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("teams", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="team",
            name="answer_hours",
            field=models.PositiveSmallIntegerField(
                blank=True, help_text="How long people have to answer agents; empty for no limit.", null=True
            ),
        ),
    ]
