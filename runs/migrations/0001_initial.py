import data.ids
import datetime
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('builder', '0001_initial'),
        ('cases', '0001_initial'),
        ('teams', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Run',
            fields=[
                ('id', models.UUIDField(default=data.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('team', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='teams.team')),
                ('agent', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='builder.agent')),
                ('revision', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='builder.revision')),
                ('case', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='cases.case')),
                ('queue', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='cases.queue')),
                ('case_fence', models.PositiveIntegerField(help_text="The case's fence while this run works it.", null=True)),
                ('parent', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='children', to='runs.run')),
                ('root', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='runs.run')),
                ('hop', models.PositiveSmallIntegerField(default=0, help_text='Handovers before this run, standalone.')),
                ('trigger', models.CharField(choices=[('manual', 'Started by hand'), ('api', 'Started by the API'), ('dispatch', 'Given by the dispatcher'), ('handover', 'Handed over'), ('try', 'Tried by hand'), ('schedule', 'Started by a schedule')], max_length=10)),
                ('started_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('input', models.TextField(blank=True)),
                ('status', models.CharField(choices=[('queued', 'Queued'), ('running', 'Running'), ('waiting', 'Waiting'), ('completed', 'Completed'), ('failed', 'Failed'), ('stopped', 'Stopped')], default='queued', max_length=10)),
                ('outcome', models.CharField(blank=True, choices=[('answered', 'Answered'), ('handed_over', 'Handed over'), ('case_completed', 'Case completed'), ('case_failed', 'Case failed'), ('case_postponed', 'Case postponed')], max_length=20)),
                ('result', models.TextField(blank=True)),
                ('truncated', models.BooleanField(db_default=False, default=False, help_text='The answer was cut off at the token limit, twice.')),
                ('error_code', models.CharField(blank=True, max_length=40)),
                ('error', models.TextField(blank=True)),
                ('stopped_by', models.CharField(blank=True, help_text='A person or an API key, as called then.', max_length=100)),
                ('stopped_because', models.CharField(blank=True, help_text='A sentence.', max_length=300)),
                ('targets', models.JSONField(null=True)),
                ('losses', models.PositiveSmallIntegerField(default=0, help_text='How often its worker was lost.')),
                ('retries', models.PositiveSmallIntegerField(default=0, help_text='Model requests in a row that failed and may pass.')),
                ('retried', models.PositiveSmallIntegerField(default=0, help_text='Model requests that failed and were made again.')),
                ('available_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text='When a queued run may be claimed.')),
                ('fence', models.PositiveIntegerField(default=0)),
                ('worker', models.CharField(blank=True, max_length=100)),
                ('lease_until', models.DateTimeField(null=True)),
                ('claimed_at', models.DateTimeField(help_text='When the worker that has it took it up.', null=True)),
                ('worked', models.DurationField(default=datetime.timedelta, help_text='By the workers that had it before: without its waits.')),
                ('requests', models.PositiveIntegerField(default=0)),
                ('input_tokens', models.PositiveBigIntegerField(default=0)),
                ('output_tokens', models.PositiveBigIntegerField(default=0)),
                ('cached_tokens', models.PositiveBigIntegerField(default=0, help_text='Of the tokens in, those the provider kept.')),
                ('unpriced_requests', models.PositiveIntegerField(default=0, help_text='To models without a known price.')),
                ('cost_usd', models.DecimalField(decimal_places=8, default=None, max_digits=14, null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('started_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('seen_at', models.DateTimeField(null=True)),
                ('seen_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-created_at'],
                'indexes': [models.Index(condition=models.Q(('status', 'queued')), fields=['team', 'available_at'], name='run_next'), models.Index(condition=models.Q(('status', 'running')), fields=['worker'], name='run_running'), models.Index(condition=models.Q(('status__in', ['queued', 'running', 'waiting'])), fields=['agent', 'queue'], name='run_live_of_agent'), models.Index(models.F('team'), models.OrderBy(models.F('created_at'), descending=True), models.F('id'), name='run_newest'), models.Index(models.F('agent'), models.OrderBy(models.F('created_at'), descending=True), models.F('id'), name='run_newest_of_agent'), models.Index(models.F('case'), models.F('created_at'), condition=models.Q(('case__isnull', False)), name='run_of_case'), models.Index(condition=models.Q(('root__isnull', False)), fields=['root'], name='run_of_root'), models.Index(models.F('team'), django.db.models.functions.comparison.Coalesce(django.db.models.functions.comparison.NullIf('outcome', models.Value('')), 'status'), models.OrderBy(models.F('created_at'), descending=True), models.F('id'), name='run_newest_of_state'), models.Index(models.F('team'), models.OrderBy(models.F('created_at'), descending=True), models.F('id'), condition=models.Q(('status__in', ['waiting', 'failed'])), name='run_newest_troubled'), models.Index(models.F('team'), models.F('trigger'), models.OrderBy(models.F('created_at'), descending=True), models.F('id'), name='run_newest_of_trigger'), models.Index(models.F('team'), models.OrderBy(models.F('created_at'), descending=True), models.F('id'), condition=models.Q(('case', None)), name='run_newest_standalone'), models.Index(models.F('team'), models.OrderBy(models.ExpressionWrapper(django.db.models.expressions.CombinedExpression(models.F('ended_at'), '-', models.F('started_at')), models.DurationField()), descending=True), models.F('id'), condition=models.Q(('ended_at__isnull', False), ('started_at__isnull', False)), name='run_longest'), models.Index(models.F('team'), models.OrderBy(models.F('cost_usd'), descending=True), models.F('id'), condition=models.Q(('cost_usd__isnull', False)), name='run_dearest')],
                'constraints': [models.UniqueConstraint(fields=('team', 'id'), name='run_team_key'), models.UniqueConstraint(condition=models.Q(('status__in', ['queued', 'running', 'waiting'])), fields=('case',), name='one_live_run_per_case'), models.CheckConstraint(condition=models.Q(('status__in', ['queued', 'running', 'waiting', 'completed', 'failed', 'stopped'])), name='run_status_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'completed'), ('outcome__in', ['answered', 'handed_over', 'case_completed', 'case_failed', 'case_postponed'])), models.Q(models.Q(('status', 'completed'), _negated=True), ('outcome', '')), _connector='OR'), name='only_a_completed_run_has_an_outcome'), models.CheckConstraint(condition=models.Q(models.Q(('lease_until__isnull', False), ('status', 'running')), models.Q(models.Q(('status', 'running'), _negated=True), ('lease_until', None)), _connector='OR'), name='exactly_running_runs_are_leased'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'failed'), models.Q(('error_code', ''), _negated=True)), models.Q(models.Q(('status', 'failed'), _negated=True), ('error_code', '')), _connector='OR'), name='only_a_failed_run_has_an_error')],
            },
        ),
        migrations.CreateModel(
            name='BulkAction',
            fields=[
                ('id', models.UUIDField(default=data.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='bulk_actions', to='teams.team')),
                ('user', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('actor', models.CharField(max_length=100)),
                ('verb', models.CharField(choices=[('retry', 'Retry'), ('assign', 'Reassign'), ('priority', 'Set the priority'), ('add_label', 'Add a label'), ('remove_label', 'Remove a label'), ('rename_label', 'Rename a label'), ('postpone', 'Postpone'), ('complete', 'Complete'), ('fail', 'Mark as failed'), ('delete', 'Delete'), ('undo', 'Undo')], max_length=20)),
                ('arguments', models.JSONField(default=dict)),
                ('status', models.CharField(choices=[('running', 'Running'), ('done', 'Done'), ('stopped', 'Stopped')], default='running', max_length=10)),
                ('undoes', models.OneToOneField(db_constraint=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='undone_by', to='runs.bulkaction')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('ended_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['-created_at'],
                'indexes': [models.Index(condition=models.Q(('status', 'running')), fields=['created_at'], name='bulk_action_running'), models.Index(fields=['user', '-created_at'], name='bulk_action_newest')],
                'constraints': [models.UniqueConstraint(fields=('team', 'id'), name='bulk_action_team_key')],
            },
        ),
        migrations.CreateModel(
            name='BulkItem',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('action', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='items', to='runs.bulkaction')),
                ('case', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='cases.case')),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('done', 'Done'), ('skipped', 'Left alone'), ('failed', 'Failed')], max_length=10)),
                ('text', models.CharField(blank=True, help_text='Why it was left alone or failed.', max_length=300)),
                ('before', models.JSONField(null=True)),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(fields=['action', 'state', 'id'], name='bulk_item_of_state')],
                'constraints': [models.UniqueConstraint(fields=('action', 'case'), name='one_bulk_item_per_case')],
            },
        ),
        migrations.CreateModel(
            name='HumanRequest',
            fields=[
                ('id', models.UUIDField(default=data.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('team', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='human_requests', to='teams.team')),
                ('run', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='human_requests', to='runs.run')),
                ('call_id', models.CharField(max_length=200)),
                ('kind', models.CharField(choices=[('question', 'Question'), ('approval', 'Approval')], max_length=10)),
                ('tool', models.CharField(blank=True, help_text='Of an approval: the tool whose call waits for it.', max_length=64)),
                ('question', models.TextField()),
                ('details', models.TextField(blank=True, help_text='Of an approval: what would be done.')),
                ('choices', models.JSONField(default=list)),
                ('status', models.CharField(choices=[('open', 'Open'), ('answered', 'Answered'), ('closed', 'Closed unanswered')], default='open', max_length=10)),
                ('approved', models.BooleanField(null=True)),
                ('answer', models.TextField(blank=True, help_text='Of an approval: the comment.')),
                ('closed_because', models.CharField(blank=True, max_length=300)),
                ('assignee', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='human_requests', to='teams.member')),
                ('due_at', models.DateTimeField(null=True)),
                ('remind_at', models.DateTimeField(help_text='When its due time comes near; empty once somebody was told.', null=True)),
                ('passed_on_at', models.DateTimeField(help_text='When it was due and went to another member.', null=True)),
                ('answered_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('actor', models.CharField(blank=True, max_length=100)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('answered_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['created_at'],
                'indexes': [models.Index(condition=models.Q(('status', 'open')), fields=['team', 'created_at'], name='human_request_open'), models.Index(models.F('team'), models.OrderBy(models.F('answered_at'), descending=True), models.F('id'), name='human_request_answered'), models.Index(models.F('team'), models.OrderBy(models.F('created_at'), descending=True), models.F('id'), name='human_request_newest'), models.Index(condition=models.Q(('due_at__isnull', False), ('passed_on_at', None), ('status', 'open')), fields=['due_at'], name='human_request_due'), models.Index(condition=models.Q(('remind_at__isnull', False), ('status', 'open')), fields=['remind_at'], name='human_request_remind')],
                'constraints': [models.UniqueConstraint(fields=('run', 'call_id'), name='one_request_per_call'), models.UniqueConstraint(fields=('team', 'id'), name='human_request_team_key')],
            },
        ),
        migrations.CreateModel(
            name='RequestEmail',
            fields=[
                ('id', models.UUIDField(default=data.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('team', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.team')),
                ('request', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='emails', to='runs.humanrequest')),
                ('member', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.member')),
                ('why', models.CharField(choices=[('asked', 'Asked'), ('given', 'Given'), ('reminder', 'Reminder'), ('passed_on', 'Passed On')], max_length=10)),
                ('by', models.CharField(blank=True, help_text='Who gave it to the member.', max_length=100)),
                ('status', models.CharField(choices=[('waiting', 'Waiting'), ('sent', 'Sent'), ('dropped', 'Dropped'), ('failed', 'Failed')], default='waiting', max_length=10)),
                ('next_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text='When it is sent, or tried again.')),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('error', models.TextField(blank=True, help_text='Of the last attempt.')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('status', 'waiting')), fields=['next_at'], name='request_email_next')],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['waiting', 'sent', 'dropped', 'failed'])), name='request_email_status_is_known')],
            },
        ),
        migrations.CreateModel(
            name='RunWords',
            fields=[
                ('run', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='words', serialize=False, to='runs.run')),
                ('words', django.contrib.postgres.search.SearchVectorField()),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.GinIndex(fastupdate=False, fields=['words'], name='run_words')],
            },
        ),
        migrations.CreateModel(
            name='Handover',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('team', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.team')),
                ('source', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='handover', to='runs.run')),
                ('source_agent', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='handovers_out', to='builder.agent')),
                ('target', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='handovers_in', to='builder.agent')),
                ('target_name', models.CharField(help_text='As it was called then.', max_length=80)),
                ('reason', models.TextField()),
                ('note', models.TextField(blank=True)),
                ('status', models.CharField(choices=[('recorded', 'Recorded'), ('applied', 'Applied'), ('cancelled', 'Cancelled')], default='recorded', max_length=10)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('applied_at', models.DateTimeField(null=True)),
                ('is_return', models.BooleanField(default=False, help_text='Straight back to whom it came from.')),
                ('next_run', models.OneToOneField(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='handover_in', to='runs.run')),
            ],
            options={
                'indexes': [models.Index(fields=['target', '-created_at'], name='handover_newest_of_target'), models.Index(condition=models.Q(('status', 'applied')), fields=['team', '-applied_at'], name='handover_newest'), models.Index(condition=models.Q(('status', 'applied')), fields=['team', 'applied_at'], include=('source_agent', 'target', 'is_return'), name='handover_traffic'), models.Index(condition=models.Q(('status', 'applied')), fields=['source_agent', 'target', '-applied_at'], name='handover_of_pair')],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['recorded', 'applied', 'cancelled'])), name='handover_status_is_known')],
            },
        ),
        migrations.CreateModel(
            name='Schedule',
            fields=[
                ('id', models.UUIDField(default=data.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('team', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.team')),
                ('agent', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='schedules', to='builder.agent')),
                ('expression', models.CharField(help_text='Cron: minute, hour, day of month, month, day of week.', max_length=100)),
                ('zone', models.CharField(max_length=64)),
                ('input', models.TextField(blank=True)),
                ('next_at', models.DateTimeField()),
                ('last_due_at', models.DateTimeField(null=True)),
                ('last_run', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='runs.run')),
                ('obstacle', models.TextField(blank=True, help_text='Why nothing started the last time.')),
                ('paused_at', models.DateTimeField(blank=True, null=True)),
                ('created_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'ordering': ['created_at'],
                'indexes': [models.Index(condition=models.Q(('paused_at', None)), fields=['next_at'], name='schedule_next')],
            },
        ),
        migrations.CreateModel(
            name='Step',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('team', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.team')),
                ('run', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='runs.run')),
                ('seq', models.PositiveIntegerField()),
                ('kind', models.CharField(choices=[('prompt', 'Prompt'), ('response', 'Response'), ('tool_result', 'Tool Result'), ('note', 'Note'), ('intent', 'Intent')], max_length=20)),
                ('data', models.JSONField()),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'ordering': ['seq'],
                'constraints': [models.UniqueConstraint(fields=('run', 'seq'), name='one_step_per_seq')],
            },
        ),
        migrations.CreateModel(
            name='ToolCalling',
            fields=[
                ('id', models.UUIDField(default=data.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('team', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.team')),
                ('model', models.CharField(help_text='Its name, with its provider.', max_length=100)),
                ('chosen', models.CharField(choices=[('automatic', 'Automatic'), ('native', 'Native'), ('schema', 'JSON schema')], default='automatic', max_length=10)),
                ('found', models.CharField(choices=[('automatic', 'Automatic'), ('native', 'Native'), ('schema', 'JSON schema')], default='native', max_length=10)),
            ],
            options={
                'verbose_name': 'tool calling of a model',
                'verbose_name_plural': 'tool calling of models',
                'constraints': [models.UniqueConstraint(fields=('team', 'model'), name='one_tool_calling_per_model')],
            },
        ),
    ]
