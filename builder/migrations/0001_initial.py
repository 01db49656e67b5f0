import data.ids
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('teams', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Agent',
            fields=[
                ('id', models.UUIDField(default=data.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='agents', to='teams.team')),
                ('name', models.CharField(max_length=80)),
                ('description', models.CharField(blank=True, help_text='One line that other agents see when they choose whom to hand over to.', max_length=200)),
                ('may_ask', models.BooleanField(default=True, help_text='Lets the agent put a question to your team and wait for the answer.', verbose_name='may ask a person')),
                ('budget', models.JSONField(blank=True, default=dict, help_text='A `budgets.Budget`.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('paused_at', models.DateTimeField(blank=True, null=True)),
                ('deleted_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(fields=('team', 'id'), name='agent_team_key'), models.UniqueConstraint(models.F('team'), django.db.models.functions.text.Lower('name'), condition=models.Q(('deleted_at', None)), name='live_agent_names_are_unique')],
            },
        ),
        migrations.CreateModel(
            name='Revision',
            fields=[
                ('id', models.UUIDField(default=data.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('team', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.team')),
                ('agent', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='revisions', to='builder.agent')),
                ('number', models.PositiveIntegerField()),
                ('based_on', models.PositiveIntegerField(default=0, help_text='Of a draft: the live revision that it changes.')),
                ('status', models.CharField(choices=[('draft', 'Draft'), ('live', 'Live'), ('historic', 'Historic'), ('tried', 'Tried')], max_length=10)),
                ('aop', models.TextField(blank=True, verbose_name='procedure')),
                ('model', models.CharField(max_length=100)),
                ('fallback', models.CharField(blank=True, help_text='The model that a run goes on with when the other one fails.', max_length=100)),
                ('author', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('note', models.CharField(blank=True, help_text='Why it was saved, in a line.', max_length=200)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['-number'],
                'constraints': [models.UniqueConstraint(fields=('team', 'id'), name='revision_team_key'), models.UniqueConstraint(condition=models.Q(('status', 'tried'), _negated=True), fields=('agent', 'number'), name='revision_numbers_are_unique'), models.UniqueConstraint(condition=models.Q(('status', 'live')), fields=('agent',), name='one_live_revision_per_agent'), models.UniqueConstraint(condition=models.Q(('status', 'draft')), fields=('agent',), name='one_draft_per_agent'), models.CheckConstraint(condition=models.Q(models.Q(('number', 0), ('status', 'draft')), models.Q(models.Q(('status', 'draft'), _negated=True), ('number__gte', 1)), _connector='OR'), name='only_drafts_have_no_number'), models.CheckConstraint(condition=models.Q(('status__in', ['draft', 'live', 'historic', 'tried'])), name='revision_status_is_known')],
            },
        ),
        migrations.CreateModel(
            name='Mention',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('team', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.team')),
                ('revision', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='mentions', to='builder.revision')),
                ('target', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='mentioned_by', to='builder.agent')),
                ('position', models.PositiveIntegerField(help_text='Order of first appearance in the text, from 0.')),
            ],
            options={
                'ordering': ['position'],
                'constraints': [models.UniqueConstraint(fields=('revision', 'target'), name='one_mention_per_target')],
            },
        ),
        migrations.CreateModel(
            name='ServerTool',
            fields=[
                ('id', models.UUIDField(default=data.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('team', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.team')),
                ('name', models.CharField(help_text='As its server calls it.', max_length=200)),
                ('key', models.CharField(help_text='As models call it.', max_length=64)),
                ('title', models.CharField(blank=True, max_length=200)),
                ('description', models.TextField(blank=True)),
                ('input_schema', models.JSONField()),
                ('mark', models.CharField(choices=[('read_only', 'Read-only'), ('idempotent', 'Repeatable'), ('effects', 'With effects')], default='effects', max_length=10)),
                ('asks_first', models.BooleanField(default=True, help_text='A person approves each call.')),
                ('is_on', models.BooleanField(default=False)),
                ('found', models.JSONField(help_text='{description, input_schema}, when these differ.', null=True)),
                ('schema_only', models.BooleanField(default=False, help_text='Only its arguments are compared, not its description.')),
                ('description_changes', models.PositiveSmallIntegerField(default=0, help_text='How often in a row its server described it differently.')),
                ('gone_at', models.DateTimeField(help_text='Since when its server has it no more.', null=True)),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(fields=('team', 'id'), name='server_tool_team_key'), models.CheckConstraint(condition=models.Q(('mark__in', ['read_only', 'idempotent', 'effects'])), name='server_tool_mark_is_known')],
            },
        ),
        migrations.CreateModel(
            name='ToolConnection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('team', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.team')),
                ('agent', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='tool_connections', to='builder.agent')),
                ('tool', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='connections', to='builder.servertool')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('agent', 'tool'), name='one_connection_per_tool')],
            },
        ),
        migrations.CreateModel(
            name='ToolServer',
            fields=[
                ('id', models.UUIDField(default=data.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tool_servers', to='teams.team')),
                ('name', models.CharField(max_length=80)),
                ('slug', models.CharField(help_text='Begins the names of its tools for models. It never changes.', max_length=20)),
                ('url', models.CharField(max_length=2000)),
                ('header', models.CharField(blank=True, help_text='Which header carries the credential, if any.', max_length=100)),
                ('credential', models.TextField(blank=True, help_text='The value of that header, sealed.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('listed_at', models.DateTimeField(help_text='When it last told its tools.', null=True)),
                ('left_out', models.PositiveIntegerField(default=0, help_text='How many tools it has beyond the limit.')),
                ('unusable', models.JSONField(default=list, help_text='[{name, reason}] of tools that cannot be used.')),
                ('deleted_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': [django.db.models.functions.text.Lower('name')],
                'constraints': [models.UniqueConstraint(fields=('team', 'id'), name='tool_server_team_key'), models.UniqueConstraint(models.F('team'), django.db.models.functions.text.Lower('name'), condition=models.Q(('deleted_at', None)), name='tool_server_names_are_unique'), models.UniqueConstraint(condition=models.Q(('deleted_at', None)), fields=('team', 'slug'), name='tool_server_slugs_are_unique')],
            },
        ),
        migrations.AddField(
            model_name='servertool',
            name='server',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='tools', to='builder.toolserver'),
        ),
        migrations.CreateModel(
            name='Usage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('team', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='usage', to='teams.team')),
                ('agent', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='usage', to='builder.agent')),
                ('day', models.DateField()),
                ('model', models.CharField(max_length=100)),
                ('slot', models.PositiveSmallIntegerField()),
                ('runs', models.PositiveIntegerField(help_text='Which got their first answer of any model then.')),
                ('requests', models.PositiveIntegerField()),
                ('input_tokens', models.PositiveBigIntegerField()),
                ('output_tokens', models.PositiveBigIntegerField()),
                ('cached_tokens', models.PositiveBigIntegerField(help_text='Of the tokens in, those the provider kept.')),
                ('cost_usd', models.DecimalField(decimal_places=8, help_text='Of the requests with a known price.', max_digits=18)),
                ('unpriced_runs', models.PositiveIntegerField(help_text='With requests of unknown price, counted at the first.')),
                ('unpriced_requests', models.PositiveIntegerField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('team', 'day', 'agent', 'model', 'slot'), name='one_usage_per_slot')],
            },
        ),
        migrations.AddConstraint(
            model_name='servertool',
            constraint=models.UniqueConstraint(fields=('server', 'name'), name='server_tool_names_are_unique'),
        ),
        migrations.AddConstraint(
            model_name='servertool',
            constraint=models.UniqueConstraint(fields=('server', 'key'), name='server_tool_keys_are_unique'),
        ),
    ]
