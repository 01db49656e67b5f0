from django.db import migrations, models

# What a revision asks of a handover follows from its text, so it changes as little as the text does.
IMMUTABLE = """
create or replace function builder_revision_refuse() returns trigger language plpgsql as $$
begin
  if ({old}) is distinct from ({new})
     or not (new.status = old.status or (old.status = 'live' and new.status = 'historic')) then
    raise exception 'a % revision never changes', old.status;
  end if;
  return new;
end $$;
"""
COLUMNS = ["agent_id", "number", "aop", "model", "fallback", "note", "based_on", "created_at"]


def immutable(columns):
    rows = {row: ", ".join(f"{row}.{column}" for column in columns) for row in ("old", "new")}
    return IMMUTABLE.format(**rows)


class Migration(migrations.Migration):
    dependencies = [("builder", "0003_constraints")]

    operations = [
        migrations.AddField(
            "revision",
            "needs",
            models.JSONField(
                blank=True,
                db_default=models.Value([], models.JSONField()),
                default=list,
                help_text="The fields of the procedure's NEEDS section: a list of `needs.Need`.",
            ),
        ),
        migrations.RunSQL(immutable([*COLUMNS, "needs"]), immutable(COLUMNS)),
    ]
