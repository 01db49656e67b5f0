from django.db import migrations

from data.constraints import same_team_through


class Migration(migrations.Migration):
    dependencies = [("cases", "0015_corrected")]

    operations = [
        same_team_through(
            "cases_uploadrow", "case_id", "cases_case", owner_column="upload_id", owner="cases_caseupload"
        ),
    ]
