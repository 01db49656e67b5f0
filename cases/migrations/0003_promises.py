from django.db import migrations

from data.constraints import append_only, same_team


class Migration(migrations.Migration):
    dependencies = [("builder", "0003_promises"), ("cases", "0002_initial")]

    operations = [
        same_team("cases_queue", "first_agent_id", "builder_agent"),
        same_team("cases_case", "queue_id", "cases_queue"),
        same_team("cases_case", "assignee_id", "builder_agent"),
        same_team("cases_caseevent", "case_id", "cases_case"),
        same_team("cases_caseevent", "agent_id", "builder_agent"),
        same_team("builder_queueconnection", "agent_id", "builder_agent"),
        same_team("builder_queueconnection", "queue_id", "cases_queue"),
        append_only("cases_caseevent"),
    ]
