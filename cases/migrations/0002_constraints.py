from django.db import migrations

from data.constraints import append_only, same_team, same_team_through

# ASCII punctuation parts words, so that "ada@example.com" and "INV-2024/7" are found by any of their parts; so does
# each Chinese or Japanese character, as those languages write no spaces. `cases.work.search` reads queries the same way.
# The text is cut because a tsvector holds 1 MB: no words of that length need more.
WORDS = r"""
create function cases_words(team uuid, number integer, title text, data jsonb, labels jsonb) returns tsvector
language sql immutable parallel safe as $$
    select array_to_tsvector(
        array['team:' || team, 'number:' || number]
        || array(select 'label:' || label from jsonb_array_elements_text(labels) label)
    ) || to_tsvector('simple', regexp_replace(
        translate(
            left(title || ' ' || coalesce((
                select string_agg(part #>> '{}', ' ') from jsonb_path_query(data, 'strict $.**') part
                where jsonb_typeof(part) in ('string', 'number')
            ), ''), 250000),
            '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~', repeat(' ', 32)
        ),
        '([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])', ' \1 ', 'g'
    ))
$$;

create function cases_case_added() returns trigger language plpgsql as $$
begin
    insert into cases_casewords (case_id, words)
    select id, cases_words(team_id, number, title, data, labels) from added;
    return null;
end $$;
create trigger words_of_added after insert on cases_case
referencing new table as added for each statement execute function cases_case_added();

create function cases_case_changed() returns trigger language plpgsql as $$
begin
    update cases_casewords set words = cases_words(new.team_id, new.number, new.title, new.data, new.labels)
    where case_id = new.id;
    return null;
end $$;
create trigger words_of_changed after update of title, data, labels on cases_case for each row
when ((old.title, old.data, old.labels) is distinct from (new.title, new.data, new.labels))
execute function cases_case_changed();
"""
NO_WORDS = """
drop trigger words_of_added on cases_case;
drop trigger words_of_changed on cases_case;
drop function cases_case_added;
drop function cases_case_changed;
drop function cases_words;
"""

# Claims and ends leave dead entries at the head of the small partial indexes: vacuum them away early.
VACUUM_OFTEN = "alter table cases_case set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000)"
VACUUM_AS_USUAL = "alter table cases_case reset (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold)"


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial")]

    operations = [
        same_team("cases_queue", "first_agent_id", "builder_agent"),
        same_team("cases_case", "queue_id", "cases_queue"),
        same_team("cases_case", "assignee_id", "builder_agent"),
        same_team("cases_case", "worked_by_id", "builder_agent"),
        same_team("cases_caseevent", "case_id", "cases_case"),
        same_team("cases_caseevent", "agent_id", "builder_agent"),
        same_team("cases_comment", "case_id", "cases_case"),
        same_team("cases_watch", "case_id", "cases_case"),
        same_team("cases_attachment", "case_id", "cases_case"),
        same_team("cases_caseupload", "queue_id", "cases_queue"),
        same_team_through(
            "cases_uploadrow", "case_id", "cases_case", owner_column="upload_id", owner="cases_caseupload"
        ),
        append_only("cases_caseevent"),
        migrations.RunSQL(WORDS, NO_WORDS),
        migrations.RunSQL(VACUUM_OFTEN, VACUUM_AS_USUAL),
    ]
