from django.db import migrations

from data.constraints import append_only, same_team


class Migration(migrations.Migration):
    dependencies = [("teams", "0001_initial")]

    operations = [
        same_team("teams_delivery", "webhook_id", "teams_webhook"),
        append_only("teams_auditentry"),
    ]
