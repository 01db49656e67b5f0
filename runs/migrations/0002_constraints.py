from django.db import migrations

from data.constraints import append_only, same_team, same_team_through

# Entries as those of cases (cases/migrations/0002_constraints.py), which `cases.work.search` reads for both. Beyond the
# first pages of a text nobody looks for a run.
WORDS = r"""
create function runs_words(run runs_run) returns tsvector language sql stable as $$
    select array_to_tsvector(array_remove(array['team:' || run.team_id, 'number:' || work.number], null))
    || to_tsvector('simple', regexp_replace(
        translate(
            concat_ws(' ', agent.name, work.title, left(run.input, 20000), left(run.result, 20000), left(run.error, 2000)),
            '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~', repeat(' ', 32)
        ),
        '([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])', ' \1 ', 'g'
    ))
    from builder_agent agent left join cases_case work on work.id = run.case_id
    where agent.id = run.agent_id
$$;
create function runs_run_added() returns trigger language plpgsql as $$
begin
    insert into runs_runwords (run_id, words) values (new.id, runs_words(new));
    return null;
end $$;
create trigger words_of_added after insert on runs_run for each row execute function runs_run_added();
create function runs_run_ended() returns trigger language plpgsql as $$
begin
    update runs_runwords set words = runs_words(new) where run_id = new.id;
    return null;
end $$;
create trigger words_of_ended after update of status on runs_run for each row
when (old.ended_at is null and new.ended_at is not null) execute function runs_run_ended();
"""
NO_WORDS = """
drop trigger words_of_added on runs_run;
drop trigger words_of_ended on runs_run;
drop function runs_run_added();
drop function runs_run_ended();
drop function runs_words(runs_run);
"""

# Claims and ends leave dead entries at the head of the small partial indexes: vacuum them away early.
VACUUM_OFTEN = "alter table runs_run set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000)"
VACUUM_AS_USUAL = "alter table runs_run reset (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold)"


class Migration(migrations.Migration):
    dependencies = [("runs", "0001_initial")]

    operations = [
        same_team("runs_run", "agent_id", "builder_agent"),
        same_team("runs_run", "revision_id", "builder_revision"),
        same_team("runs_run", "case_id", "cases_case"),
        same_team("runs_run", "queue_id", "cases_queue"),
        same_team("runs_run", "parent_id", "runs_run"),
        same_team("runs_run", "root_id", "runs_run"),
        same_team("runs_step", "run_id", "runs_run"),
        same_team("runs_handover", "source_id", "runs_run"),
        same_team("runs_handover", "source_agent_id", "builder_agent"),
        same_team("runs_handover", "target_id", "builder_agent"),
        same_team("runs_handover", "next_run_id", "runs_run"),
        same_team("runs_humanrequest", "run_id", "runs_run"),
        same_team("runs_humanrequest", "assignee_id", "teams_member"),
        same_team("runs_requestemail", "request_id", "runs_humanrequest"),
        same_team("runs_requestemail", "member_id", "teams_member"),
        same_team("runs_schedule", "agent_id", "builder_agent"),
        same_team("runs_schedule", "last_run_id", "runs_run"),
        same_team("runs_bulkaction", "undoes_id", "runs_bulkaction"),
        same_team_through("runs_bulkitem", "case_id", "cases_case", owner_column="action_id", owner="runs_bulkaction"),
        append_only("runs_step"),
        migrations.RunSQL(WORDS, NO_WORDS),
        migrations.RunSQL(VACUUM_OFTEN, VACUUM_AS_USUAL),
    ]
