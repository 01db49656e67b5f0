import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('builder', '0001_initial'),
        ('cases', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='QueueConnection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('team', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.team')),
                ('agent', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='queue_connections', to='builder.agent')),
                ('queue', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='connections', to='cases.queue')),
                ('role', models.CharField(choices=[('consumer', 'Queue (Consumer)'), ('producer', 'Queue (Producer)')], max_length=10)),
                ('concurrency', models.PositiveSmallIntegerField(default=5, help_text='How many cases of this queue the agent works at once.')),
                ('last_given_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('agent', 'queue', 'role'), name='one_connection_per_role'), models.CheckConstraint(condition=models.Q(('concurrency__gte', 1), ('concurrency__lte', 1000)), name='concurrency_in_range'), models.CheckConstraint(condition=models.Q(('role__in', ['consumer', 'producer'])), name='connection_role_is_known')],
            },
        ),
    ]
