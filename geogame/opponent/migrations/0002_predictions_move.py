"""The predictions belong to the app `predictions` now; their table stays where it is."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("opponent", "0001_initial"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel(name="Prediction")]),
    ]
