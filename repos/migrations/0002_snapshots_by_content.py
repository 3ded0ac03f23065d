from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("repos", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="snapshot",
            name="pinned_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="snapshot",
            name="storage_name",
            field=models.CharField(db_index=True, max_length=200),
        ),
    ]
