from django.db import migrations

# Reassigning an open case was told as `case.reopened`: those who asked for that go on hearing of it.
TOLD = """
update teams_webhook set events = events || '["case.reassigned"]'::jsonb
where events ? 'case.reopened' and not events ? 'case.reassigned'
"""


class Migration(migrations.Migration):
    dependencies = [("teams", "0023_require_two_step")]
    operations = [migrations.RunSQL(TOLD, migrations.RunSQL.noop)]
