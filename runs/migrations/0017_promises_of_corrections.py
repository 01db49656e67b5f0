from django.db import migrations

from data.constraints import same_team


class Migration(migrations.Migration):
    dependencies = [("runs", "0016_corrections")]

    operations = [
        same_team("runs_correction", "case_id", "cases_case"),
        same_team("runs_correction", "source_id", "runs_run"),
        same_team("runs_correction", "run_id", "runs_run"),
        same_team("runs_correction", "wrong_id", "builder_agent"),
        same_team("runs_correction", "right_id", "builder_agent"),
    ]
