import django.db.models.deletion
from django.db import migrations, models

from data.constraints import same_team

# Who handed over is known from the run; that it went straight back, from the handover before it on the same case, or
# of the run before.
SOURCES = """
update runs_handover handover set source_agent_id = run.agent_id from runs_run run where run.id = handover.source_id
"""
RETURNS = """
update runs_handover handover set is_return = true
from (
    select here.id, here.source_agent_id, here.target_id,
        coalesce(before.source_agent_id, lag(here.source_agent_id) over earlier) as from_agent,
        coalesce(before.target_id, lag(here.target_id) over earlier) as to_agent
    from runs_handover here
    join runs_run run on run.id = here.source_id
    left join runs_handover before on before.next_run_id = run.id
    where here.status = 'applied'
    window earlier as (partition by coalesce(run.case_id, run.id) order by here.applied_at)
) found
where found.id = handover.id and found.from_agent = found.target_id and found.to_agent = found.source_agent_id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("builder", "0008_tool_servers"),
        ("runs", "0013_calls_of_server_tools"),
    ]

    operations = [
        migrations.AddField(
            model_name="handover",
            name="is_return",
            field=models.BooleanField(default=False, help_text="Straight back to whom it came from."),
        ),
        migrations.RunSQL("alter table runs_handover add column source_agent_id uuid", migrations.RunSQL.noop),
        migrations.RunSQL(SOURCES, migrations.RunSQL.noop),
        migrations.RunSQL(RETURNS, migrations.RunSQL.noop),
        migrations.RunSQL("set constraints all immediate", migrations.RunSQL.noop),
        migrations.RunSQL(
            "alter table runs_handover alter column source_agent_id set not null",
            "alter table runs_handover drop column source_agent_id",
            state_operations=[
                migrations.AddField(
                    model_name="handover",
                    name="source_agent",
                    field=models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        default=None,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="handovers_out",
                        to="builder.agent",
                    ),
                    preserve_default=False,
                )
            ],
        ),
        same_team("runs_handover", "source_agent_id", "builder_agent"),
        migrations.AddIndex(
            model_name="handover",
            index=models.Index(
                condition=models.Q(("status", "applied")),
                fields=["team", "applied_at"],
                include=("source_agent", "target", "is_return"),
                name="handover_traffic",
            ),
        ),
        migrations.AddIndex(
            model_name="handover",
            index=models.Index(
                condition=models.Q(("status", "applied")),
                fields=["source_agent", "target", "-applied_at"],
                name="handover_of_pair",
            ),
        ),
    ]
