from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

STATES = ["queued", "preparing", "running", "stopping", "stopped", "succeeded", "failed"]


def take_data_sets_of_maps(apps: Any, schema_editor: Any) -> None:
    """Jobs were of maps alone: each of these maps becomes a data set."""
    data_sets = apps.get_model("datasets", "DataSet").objects
    for job in apps.get_model("training", "TrainingJob").objects.select_related("map"):
        job.data_set, _ = data_sets.get_or_create(kind="map", map=job.map, defaults={"name": job.map.name})
        job.save(update_fields=["data_set"])


class Migration(migrations.Migration):
    dependencies = [
        ("datasets", "0001_initial"),
        ("registry", "0001_initial"),
        ("training", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="trainingjob",
            options={
                "ordering": ["-created_at"],
                "permissions": [("start_trainingjob", "Can start, stop and resume training jobs")],
                "verbose_name": "training job",
            },
        ),
        migrations.AddField(
            model_name="trainingjob",
            name="data_set",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="training_jobs",
                to="datasets.dataset",
            ),
        ),
        migrations.RunPython(take_data_sets_of_maps, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="trainingjob",
            name="data_set",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="training_jobs",
                to="datasets.dataset",
            ),
        ),
        migrations.RemoveField(model_name="trainingjob", name="map"),
        migrations.RemoveField(model_name="trainingjob", name="stop_requested"),
        migrations.AddField(
            model_name="trainingjob",
            name="values",
            field=models.JSONField(
                blank=True, default=dict, help_text="Values of the recipe that this job changes, by name."
            ),
        ),
        migrations.AddField(
            model_name="trainingjob",
            name="init_from",
            field=models.ForeignKey(
                blank=True,
                help_text="The weights that it starts from; none for random ones.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="continued_by",
                to="registry.modelversion",
            ),
        ),
        migrations.AddField(
            model_name="trainingjob", name="seed", field=models.PositiveIntegerField(default=0)
        ),
        migrations.AddField(
            model_name="trainingjob",
            name="devices",
            field=models.PositiveSmallIntegerField(
                default=1, help_text="Processes on each machine, one a device."
            ),
        ),
        migrations.AddField(
            model_name="trainingjob",
            name="pace",
            field=models.JSONField(
                default=dict, help_text="What the child said last: epoch, images/s, time left."
            ),
        ),
        migrations.AddField(
            model_name="trainingjob",
            name="runs",
            field=models.PositiveIntegerField(default=0, help_text="How often it was started or went on."),
        ),
        migrations.AddField(
            model_name="trainingjob",
            name="cloned_from",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                to="training.trainingjob",
            ),
        ),
        migrations.AlterField(
            model_name="trainingjob",
            name="state",
            field=models.CharField(
                choices=[(state, state.capitalize()) for state in STATES], default="queued", max_length=10
            ),
        ),
        migrations.CreateModel(
            name="JobChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("before", models.CharField(blank=True, max_length=10)),
                ("after", models.CharField(max_length=10)),
                ("reason", models.CharField(blank=True, max_length=500)),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="changes",
                        to="training.trainingjob",
                    ),
                ),
            ],
            options={"ordering": ["pk"]},
        ),
    ]
