from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("routes", "0007_check_told_at")]

    operations = [
        migrations.AddField(
            model_name="check",
            name="applied_at",
            field=models.DateTimeField(help_text="When what waited was done.", null=True),
        ),
        migrations.AlterField(
            model_name="check",
            name="waiting",
            field=models.JSONField(help_text="What is done when it passes.", null=True),
        ),
    ]
