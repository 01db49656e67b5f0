"""The steps of a routing test's run may be deleted with it; those of work stay append-only."""

from django.db import migrations

_REFUSES = """
    create or replace function runs_step_refuse() returns trigger language plpgsql as $$
    begin
        {unless}
        raise exception 'runs_step is append-only';
    end $$
"""
_OF_A_TEST = """
        if tg_op = 'DELETE' and exists (select from runs_run where id = old.run_id and trigger = 'test') then
            return old;
        end if;
"""


class Migration(migrations.Migration):
    dependencies = [("runs", "0010_handovers_to_people")]

    operations = [migrations.RunSQL(_REFUSES.format(unless=_OF_A_TEST), _REFUSES.format(unless=""))]
