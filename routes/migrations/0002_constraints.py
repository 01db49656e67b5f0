from django.db import migrations

from data.constraints import same_team


class Migration(migrations.Migration):
    dependencies = [("routes", "0001_initial")]

    operations = [
        same_team("routes_correction", "case_id", "cases_case"),
        same_team("routes_correction", "source_id", "runs_run"),
        same_team("routes_correction", "run_id", "runs_run"),
        same_team("routes_correction", "wrong_id", "builder_agent"),
        same_team("routes_correction", "right_id", "builder_agent"),
    ]
