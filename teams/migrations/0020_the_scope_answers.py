"""Answering agents becomes a scope of its own.

Keys with the scope `cases` were made under the words "Add, change and close cases, and answer agents", so they keep
both rights. Administrators who do not want that make a new key and revoke the old one.
"""

import django.contrib.postgres.fields
from django.db import migrations, models

import teams.models


class Migration(migrations.Migration):
    dependencies = [("teams", "0019_what_operators_read")]

    operations = [
        migrations.AlterField(
            model_name="apikey",
            name="scopes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("read", "Read everything"),
                        ("cases", "Add, change and close cases"),
                        ("answers", "Answer agents’ questions and approve what they want to do"),
                        ("runs", "Start and stop runs"),
                        ("agents", "Change agents, queues and schedules"),
                        (
                            "admin",
                            "Change webhooks, MCP servers, keys of models and budgets; read the audit log",
                        ),
                    ],
                    max_length=10,
                ),
                default=teams.models.every_scope,
            ),
        ),
        migrations.RunSQL(
            "UPDATE teams_apikey SET scopes = array_append(scopes, 'answers')"
            " WHERE 'cases' = ANY(scopes) AND NOT 'answers' = ANY(scopes)",
            "UPDATE teams_apikey SET scopes = array_remove(scopes, 'answers')",
        ),
    ]
