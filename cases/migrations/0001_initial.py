import cases.collaboration.models
import data.ids
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('builder', '0001_initial'),
        ('teams', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AgentUpload',
            fields=[
                ('id', models.UUIDField(default=data.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.team')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('files', models.JSONField(help_text='A list of names with their texts.')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name='Case',
            fields=[
                ('id', models.UUIDField(default=data.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('team', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='cases', to='teams.team')),
                ('number', models.PositiveIntegerField()),
                ('title', models.CharField(max_length=200)),
                ('data', models.JSONField(blank=True, default=dict, help_text='JSON, or plain text.')),
                ('priority', models.PositiveSmallIntegerField(choices=[(0, 'none'), (1, 'medium'), (2, 'high')], default=0)),
                ('labels', models.JSONField(blank=True, default=list)),
                ('external_id', models.CharField(blank=True, max_length=200, null=True)),
                ('external_digest', models.CharField(blank=True, help_text='Of the request that made the case.', max_length=64)),
                ('status', models.CharField(choices=[('pending', 'Pending'), ('in_progress', 'In progress'), ('needs_input', 'Needs input'), ('postponed', 'Postponed'), ('completed', 'Completed'), ('failed', 'Failed')], default='pending', max_length=20)),
                ('reason', models.CharField(blank=True, choices=[('question', 'An agent has a question.'), ('approval', 'An agent asks for approval.'), ('no_outcome', 'The agent stopped without saying what should become of the case.'), ('ambiguous_handover', 'The agent named several agents to hand over to, twice.'), ('invalid_target', 'The agent kept naming an agent it cannot hand over to.'), ('refused_call', 'The agent kept repeating a call that was refused.'), ('target_unavailable', 'The agent that should take over cannot take cases of this queue now.'), ('hop_limit', 'The case was handed over as often as its queue allows.'), ('loop', 'Two agents kept handing the case to each other.'), ('run_lost', 'The run was interrupted too often.'), ('run_failed', 'The run failed.'), ('run_stopped', 'Somebody stopped the run.'), ('taken_over', 'A person has taken it over.')], max_length=30)),
                ('detail', models.TextField(blank=True, help_text='What the reason is about, in words; of a closed case, the result.')),
                ('assignee', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='cases', to='builder.agent')),
                ('worked_by', models.ForeignKey(blank=True, db_constraint=False, db_index=False, help_text='Who took it up last.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='builder.agent')),
                ('taken_by', models.CharField(blank=True, db_default='', default='', help_text='Who has taken it over from the agents, by name.', max_length=100)),
                ('owner', models.ForeignKey(blank=True, db_index=False, help_text='The same, where it is a member.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('rank', models.PositiveSmallIntegerField(choices=[(0, 'Due'), (1, 'Handed Over'), (2, 'New')], default=2)),
                ('due_at', models.DateTimeField(blank=True, help_text='When a postponed case goes on.', null=True)),
                ('hops', models.PositiveSmallIntegerField(default=0, help_text='Handovers since a person last acted.')),
                ('fence', models.PositiveIntegerField(default=0)),
                ('last_seq', models.PositiveIntegerField(default=0)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('moved_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text='When the status last changed.')),
                ('deleted_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['-number'],
                'indexes': [models.Index(condition=models.Q(('deleted_at', None), ('status', 'postponed')), fields=['due_at'], name='case_due'), models.Index(models.F('team'), models.OrderBy(models.F('number'), descending=True), models.F('created_at'), condition=models.Q(('deleted_at', None)), name='case_newest'), models.Index(models.F('team'), models.F('status'), models.OrderBy(models.F('number'), descending=True), condition=models.Q(('deleted_at', None)), name='case_newest_by_status'), models.Index(models.F('team'), models.OrderBy(models.F('moved_at'), descending=True), models.OrderBy(models.F('number'), descending=True), condition=models.Q(('deleted_at', None)), name='case_last_moved'), models.Index(models.F('team'), models.OrderBy(models.F('priority'), descending=True), models.OrderBy(models.F('number'), descending=True), condition=models.Q(('deleted_at', None)), name='case_most_urgent'), models.Index(models.F('assignee'), models.OrderBy(models.F('number'), descending=True), condition=models.Q(('assignee__isnull', False), ('deleted_at', None)), name='case_of_assignee'), models.Index(models.F('worked_by'), models.OrderBy(models.F('number'), descending=True), condition=models.Q(('deleted_at', None), ('worked_by__isnull', False)), name='case_worked_by'), models.Index(condition=models.Q(('status__in', ['pending', 'in_progress', 'needs_input', 'postponed'])), fields=['assignee'], name='case_open_of_agent')],
                'constraints': [models.UniqueConstraint(fields=('team', 'id'), name='case_team_key'), models.UniqueConstraint(fields=('team', 'number'), name='case_numbers_are_unique'), models.CheckConstraint(condition=models.Q(('status__in', ['pending', 'in_progress', 'needs_input', 'postponed', 'completed', 'failed'])), name='case_status_is_known'), models.CheckConstraint(condition=models.Q(('reason', ''), ('reason__in', ['question', 'approval', 'no_outcome', 'ambiguous_handover', 'invalid_target', 'refused_call', 'target_unavailable', 'hop_limit', 'loop', 'run_lost', 'run_failed', 'run_stopped', 'taken_over']), _connector='OR'), name='case_reason_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'needs_input'), models.Q(('reason', ''), _negated=True)), models.Q(models.Q(('status', 'needs_input'), _negated=True), ('reason', '')), _connector='OR'), name='only_a_case_that_needs_input_has_a_reason'), models.CheckConstraint(condition=models.Q(models.Q(('due_at__isnull', False), ('status', 'postponed')), models.Q(models.Q(('status', 'postponed'), _negated=True), ('due_at', None)), _connector='OR'), name='only_a_postponed_case_is_due'), models.CheckConstraint(condition=models.Q(models.Q(('reason', 'taken_over'), models.Q(('taken_by', ''), _negated=True)), ('status', 'postponed'), models.Q(models.Q(('reason', 'taken_over'), _negated=True), ('owner', None), ('taken_by', '')), _connector='OR'), name='a_case_taken_over_says_by_whom')],
            },
        ),
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.UUIDField(default=data.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('team', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.team')),
                ('case', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='attachments', to='cases.case')),
                ('name', models.CharField(max_length=150)),
                ('size', models.PositiveIntegerField(help_text='In bytes.')),
                ('file', models.FileField(max_length=200, upload_to=cases.collaboration.models.file_place)),
                ('user', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('actor', models.CharField(blank=True, help_text='Who attached it.', max_length=100)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'ordering': ['created_at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Comment',
            fields=[
                ('id', models.UUIDField(default=data.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('team', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.team')),
                ('case', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='comments', to='cases.case')),
                ('user', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('text', models.TextField(help_text='Markdown.')),
                ('mentions', models.JSONField(default=list, help_text='Who is mentioned, as it stands in the text.')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('edited_at', models.DateTimeField(blank=True, null=True)),
                ('deleted_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Queue',
            fields=[
                ('id', models.UUIDField(default=data.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='queues', to='teams.team')),
                ('name', models.CharField(max_length=80)),
                ('description', models.CharField(blank=True, max_length=200)),
                ('hop_limit', models.PositiveSmallIntegerField(default=8, help_text='How often a case may be handed over before a person is asked to look at it.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(50)])),
                ('first_agent', models.ForeignKey(blank=True, db_constraint=False, db_index=False, help_text='Takes every case that is assigned to nobody, as long as it consumes the queue.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='builder.agent')),
                ('default_priority', models.PositiveSmallIntegerField(choices=[(0, 'none'), (1, 'medium'), (2, 'high')], default=0, help_text='Of new cases that say none.')),
                ('data_schema', models.JSONField(blank=True, help_text="A JSON Schema that new cases' data must fit.", null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('paused_at', models.DateTimeField(blank=True, null=True)),
                ('deleted_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(fields=('team', 'id'), name='queue_team_key'), models.UniqueConstraint(models.F('team'), django.db.models.functions.text.Lower('name'), condition=models.Q(('deleted_at', None)), name='live_queue_names_are_unique'), models.CheckConstraint(condition=models.Q(('hop_limit__gte', 1), ('hop_limit__lte', 50)), name='hop_limit_in_range')],
            },
        ),
        migrations.CreateModel(
            name='CaseUpload',
            fields=[
                ('id', models.UUIDField(default=data.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('team', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='case_uploads', to='teams.team')),
                ('queue', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='uploads', to='cases.queue')),
                ('user', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('actor', models.CharField(blank=True, max_length=100)),
                ('name', models.CharField(max_length=150)),
                ('form', models.CharField(choices=[('file', 'File'), ('table', 'A table'), ('lines', 'One case per line'), ('paragraphs', 'One case per paragraph')], max_length=10)),
                ('digest', models.CharField(help_text='Of the bytes, to know the same file again.', max_length=64)),
                ('content', models.BinaryField(help_text='Kept until the import starts: it may be read in another way.', null=True)),
                ('encoding', models.CharField(blank=True, max_length=20)),
                ('separator', models.CharField(blank=True, max_length=1)),
                ('sheet', models.CharField(blank=True, max_length=100)),
                ('sheets', models.JSONField(default=list)),
                ('names_row', models.PositiveIntegerField(help_text='The number of the row with the names of the columns, if there is one.', null=True)),
                ('roles', models.JSONField(default=list, help_text='What each column becomes: see `columns.Role`.')),
                ('status', models.CharField(choices=[('ready', 'Ready'), ('importing', 'Importing'), ('done', 'Done'), ('stopped', 'Stopped')], default='ready', max_length=10)),
                ('problem', models.CharField(blank=True, help_text='Why Baton itself stopped it.', max_length=200)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('started_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('status', 'importing')), fields=['created_at'], name='case_upload_importing'), models.Index(fields=['team', 'queue', '-started_at'], name='case_upload_of_queue')],
            },
        ),
        migrations.AddField(
            model_name='case',
            name='queue',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='cases', to='cases.queue'),
        ),
        migrations.CreateModel(
            name='UploadRow',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('upload', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='cases.caseupload')),
                ('number', models.PositiveIntegerField(help_text='As spreadsheet programs count, from 1.')),
                ('cells', models.JSONField()),
                ('flaws', models.JSONField(default=dict, help_text='What could not be read, by the place of the cell.')),
                ('state', models.CharField(choices=[('above', 'Above the names of columns'), ('names', 'Names of columns'), ('waiting', 'Waiting'), ('added', 'Added'), ('existing', 'There already'), ('failed', 'Failed')], default='waiting', max_length=10)),
                ('case', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='cases.case')),
                ('text', models.TextField(blank=True, help_text='Why it failed.')),
            ],
            options={
                'ordering': ['number'],
                'indexes': [models.Index(fields=['upload', 'state', 'number'], name='upload_row_of_state')],
                'constraints': [models.UniqueConstraint(fields=('upload', 'number'), name='one_row_per_number')],
            },
        ),
        migrations.CreateModel(
            name='Watch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('team', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.team')),
                ('case', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='watches', to='cases.case')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('seen_seq', models.PositiveIntegerField(default=0)),
                ('mentioned_at', models.DateTimeField(help_text='By a comment that they have not seen yet.', null=True)),
            ],
            options={
                'verbose_name_plural': 'watches',
                'indexes': [models.Index(fields=['user', 'team'], name='watch_of_user')],
                'constraints': [models.UniqueConstraint(fields=('case', 'user'), name='one_watch_per_person')],
            },
        ),
        migrations.CreateModel(
            name='CaseWords',
            fields=[
                ('case', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='words', serialize=False, to='cases.case')),
                ('words', django.contrib.postgres.search.SearchVectorField()),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.GinIndex(fastupdate=False, fields=['words'], name='case_words')],
            },
        ),
        migrations.CreateModel(
            name='CaseEvent',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('team', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.team')),
                ('case', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='events', to='cases.case')),
                ('seq', models.PositiveIntegerField()),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('kind', models.CharField(choices=[('created', 'Created'), ('updated', 'Updated'), ('assigned', 'Assigned'), ('started', 'Work started'), ('released', 'Released'), ('handed_over', 'Handed over'), ('handover_cancelled', 'Handover cancelled'), ('postponed', 'Postponed'), ('due', 'Due'), ('parked', 'Needs input'), ('asked', 'Asked'), ('answered', 'Answered'), ('completed', 'Completed'), ('failed', 'Failed'), ('reassigned', 'Reassigned'), ('reopened', 'Reopened'), ('taken_over', 'Taken over'), ('handed_back', 'Handed back'), ('undone', 'Undone'), ('corrected', 'Corrected as wrong'), ('correction_undone', 'Correction undone'), ('stale_write_refused', 'Late write refused'), ('deleted', 'Deleted'), ('commented', 'Commented'), ('attached', 'Attached'), ('detached', 'Attachment deleted')], max_length=30)),
                ('status', models.CharField(choices=[('pending', 'Pending'), ('in_progress', 'In progress'), ('needs_input', 'Needs input'), ('postponed', 'Postponed'), ('completed', 'Completed'), ('failed', 'Failed')], max_length=20)),
                ('agent', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='builder.agent')),
                ('run_id', models.UUIDField(null=True)),
                ('user', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('actor', models.CharField(blank=True, help_text='Who did it, when it was a person or a program.', max_length=100)),
                ('reason', models.CharField(blank=True, max_length=30)),
                ('text', models.TextField(blank=True)),
                ('data', models.JSONField(default=dict)),
            ],
            options={
                'ordering': ['seq'],
                'indexes': [models.Index(condition=models.Q(('kind__in', ['created', 'handed_over', 'parked', 'asked', 'completed', 'failed'])), fields=['team', 'kind', 'at'], include=('reason',), name='event_flow')],
                'constraints': [models.UniqueConstraint(fields=('case', 'seq'), name='one_event_per_seq')],
            },
        ),
        migrations.CreateModel(
            name='Label',
            fields=[
                ('id', models.UUIDField(default=data.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='labels', to='teams.team')),
                ('name', models.CharField(max_length=40)),
                ('colour', models.CharField(choices=[('grey', 'Grey'), ('red', 'Red'), ('orange', 'Orange'), ('yellow', 'Yellow'), ('green', 'Green'), ('teal', 'Teal'), ('blue', 'Blue'), ('indigo', 'Indigo'), ('purple', 'Purple'), ('pink', 'Pink')], max_length=10)),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(fields=('team', 'name'), name='labels_are_unique')],
            },
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(models.F('queue'), models.F('rank'), models.OrderBy(models.F('priority'), descending=True), models.F('created_at'), models.F('id'), condition=models.Q(('assignee', None), ('deleted_at', None), ('status', 'pending')), name='case_next_of_queue'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(models.F('queue'), models.F('assignee'), models.F('rank'), models.OrderBy(models.F('priority'), descending=True), models.F('created_at'), models.F('id'), condition=models.Q(('assignee__isnull', False), ('deleted_at', None), ('status', 'pending')), name='case_next_of_agent'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('deleted_at', None), ('status__in', ['pending', 'completed'])), fields=['queue', 'status', 'moved_at'], name='case_flow_of_queue'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(models.F('queue'), models.F('status'), models.OrderBy(models.F('number'), descending=True), condition=models.Q(('deleted_at', None)), name='case_of_queue'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.UniqueConstraint(condition=models.Q(('external_id__isnull', False)), fields=('queue', 'external_id'), name='external_ids_are_unique'),
        ),
    ]
