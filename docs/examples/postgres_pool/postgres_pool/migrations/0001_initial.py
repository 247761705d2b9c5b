"""Make the table."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """What ``manage.py makemigrations`` has found."""

    initial = True

    operations = [
        migrations.CreateModel(
            name="Visit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False
                    ),
                ),
                ("by", models.CharField(max_length=4)),
            ],
        ),
    ]
