"""The table was made by the app `opponent` and stays as it is: only its owner changes."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("opponent", "0002_predictions_move"),
        ("panoramas", "0004_withdrawn"),
        ("registry", "0002_drawn"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="Prediction",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("view", models.CharField(max_length=60)),
                        ("rule", models.CharField(max_length=20)),
                        ("lat", models.FloatField()),
                        ("lng", models.FloatField()),
                        ("top_cells", models.JSONField()),
                        (
                            "distribution",
                            models.BinaryField(
                                help_text="Probabilities of the partition's cells, little-endian float32."
                            ),
                        ),
                        (
                            "digest",
                            models.CharField(
                                db_index=True, help_text="SHA-256 of the distribution.", max_length=64
                            ),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        (
                            "model_version",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="predictions",
                                to="registry.modelversion",
                            ),
                        ),
                        (
                            "panorama",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="predictions",
                                to="panoramas.panorama",
                            ),
                        ),
                    ],
                    options={
                        "db_table": "opponent_prediction",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("model_version", "panorama", "view", "rule"),
                                name="one_prediction_a_view",
                            )
                        ],
                    },
                ),
            ]
        ),
    ]
