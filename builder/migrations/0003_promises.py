from django.db import migrations

from data.constraints import same_team

IMMUTABLE_REVISIONS = """
create function builder_revision_refuse() returns trigger language plpgsql as $$
begin
  if old.status = 'draft' then
    return new;
  end if;
  if (old.agent_id, old.number, old.aop, old.model) is distinct from (new.agent_id, new.number, new.aop, new.model)
     or not (new.status = old.status or (old.status = 'live' and new.status = 'historic')) then
    raise exception 'a % revision never changes', old.status;
  end if;
  return new;
end $$;
create trigger immutable before update on builder_revision
for each row execute function builder_revision_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("builder", "0002_initial"), ("cases", "0001_initial")]

    operations = [
        same_team("builder_revision", "agent_id", "builder_agent"),
        same_team("builder_mention", "revision_id", "builder_revision"),
        same_team("builder_mention", "target_id", "builder_agent"),
        migrations.RunSQL(
            IMMUTABLE_REVISIONS,
            "drop trigger immutable on builder_revision; drop function builder_revision_refuse()",
        ),
    ]
