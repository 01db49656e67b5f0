from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("routes", "0004_impacts")]

    operations = [
        migrations.AddField(
            model_name="routingtest",
            name="staged_at",
            field=models.DateTimeField(help_text="Of a copy for one check: it guards nothing.", null=True),
        ),
    ]
