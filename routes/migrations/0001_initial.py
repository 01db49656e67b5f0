import data.ids
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('builder', '0001_initial'),
        ('cases', '0001_initial'),
        ('runs', '0001_initial'),
        ('teams', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Correction',
            fields=[
                ('id', models.UUIDField(default=data.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('team', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.team')),
                ('case', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='cases.case')),
                ('source', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='runs.run')),
                ('run', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='runs.run')),
                ('wrong', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='builder.agent')),
                ('right', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='builder.agent')),
                ('right_name', models.CharField(blank=True, help_text='As it was called then.', max_length=80)),
                ('note', models.TextField(blank=True)),
                ('user', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('actor', models.CharField(max_length=100)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('undone_at', models.DateTimeField(null=True)),
                ('undone_by', models.CharField(blank=True, max_length=100)),
            ],
            options={
                'indexes': [models.Index(models.F('team'), models.OrderBy(models.F('created_at'), descending=True), models.F('id'), condition=models.Q(('undone_at', None)), name='correction_newest')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('source__isnull', False), ('undone_at', None)), fields=('source',), name='one_correction_per_handover'), models.UniqueConstraint(condition=models.Q(('source', None), ('undone_at', None)), fields=('run',), name='one_correction_per_dispatch'), models.CheckConstraint(condition=models.Q(('source__isnull', False), ('run__isnull', False), _connector='OR'), name='a_correction_is_of_something')],
            },
        ),
    ]
