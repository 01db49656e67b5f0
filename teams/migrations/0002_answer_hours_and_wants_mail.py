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
        migrations.AddField(
            model_name="member",
            name="wants_mail",
            field=models.BooleanField(default=True, help_text="Whether agents' questions come by e-mail too."),
        ),
    ]
