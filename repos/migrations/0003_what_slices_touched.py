from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("repos", "0002_snapshots_by_content"),
    ]

    operations = [
        migrations.AddField(
            model_name="slicerecord",
            name="touched",
            field=models.JSONField(default=list),
        ),
    ]
