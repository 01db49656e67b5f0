from django.db import migrations

from data.constraints import append_only, same_team

# Claims and ends leave dead entries at the head of the small partial indexes: vacuum them away early.
VACUUM_OFTEN = "alter table {} set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000)"
VACUUM_AS_USUAL = "alter table {} reset (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold)"


class Migration(migrations.Migration):
    dependencies = [("cases", "0003_promises"), ("runs", "0002_initial")]

    operations = [
        same_team("runs_run", "agent_id", "builder_agent"),
        same_team("runs_run", "revision_id", "builder_revision"),
        same_team("runs_run", "case_id", "cases_case"),
        same_team("runs_run", "parent_id", "runs_run"),
        same_team("runs_run", "root_id", "runs_run"),
        same_team("runs_step", "run_id", "runs_run"),
        same_team("runs_handover", "source_id", "runs_run"),
        same_team("runs_handover", "target_id", "builder_agent"),
        same_team("runs_handover", "next_run_id", "runs_run"),
        same_team("runs_humanrequest", "run_id", "runs_run"),
        append_only("runs_step"),
        *(
            migrations.RunSQL(VACUUM_OFTEN.format(table), VACUUM_AS_USUAL.format(table))
            for table in ("runs_run", "cases_case")
        ),
    ]
