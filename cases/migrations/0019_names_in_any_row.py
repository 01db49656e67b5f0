from django.db import migrations, models

# The column stays for processes of the version before, which go on writing it.
NOT_NEEDED = "alter table cases_caseupload alter column has_names set default true"
NEEDED = "alter table cases_caseupload alter column has_names drop default"
FOUND = """
update cases_caseupload upload set names_row = named.number
from cases_uploadrow named where named.upload_id = upload.id and named.state = 'names'
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0018_questions_in_flow")]

    operations = [
        migrations.AddField(
            "caseupload",
            "names_row",
            models.PositiveIntegerField(
                null=True, help_text="The number of the row with the names of the columns, if there is one."
            ),
        ),
        migrations.RunSQL(FOUND, migrations.RunSQL.noop),
        migrations.RunSQL(
            NOT_NEEDED, NEEDED, state_operations=[migrations.RemoveField("caseupload", "has_names")]
        ),
        migrations.AlterField(
            "uploadrow",
            "state",
            models.CharField(
                max_length=10,
                choices=[
                    ("above", "Above the names of columns"),
                    ("names", "Names of columns"),
                    ("waiting", "Waiting"),
                    ("added", "Added"),
                    ("existing", "There already"),
                    ("failed", "Failed"),
                ],
                default="waiting",
            ),
        ),
    ]
