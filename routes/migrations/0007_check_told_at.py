from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("routes", "0006_reasons_of_trials"),
    ]

    operations = [
        migrations.AddField(
            model_name="check",
            name="told_at",
            field=models.DateTimeField(help_text="When a program that waited for it heard how it ended.", null=True),
        ),
    ]
