from django.db import migrations

from data.constraints import same_team


class Migration(migrations.Migration):
    dependencies = [("cases", "0009_people")]

    operations = [
        same_team("cases_comment", "case_id", "cases_case"),
        same_team("cases_watch", "case_id", "cases_case"),
        same_team("cases_attachment", "case_id", "cases_case"),
    ]
