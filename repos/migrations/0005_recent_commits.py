import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("repos", "0004_proofs"),
    ]

    operations = [
        migrations.CreateModel(
            name="RecentCommits",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("head", models.CharField(max_length=64)),
                ("commits", models.JSONField(default=list)),
                (
                    "repository",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="recent_commits",
                        to="repos.repository",
                    ),
                ),
            ],
        ),
    ]
