from __future__ import annotations

from django.db import models

from geogame.panoramas.models import Panorama
from geogame.registry.models import ModelVersion

RULE = "top-cell"
"""How a distribution becomes the point that the model answers: the centre of its most probable cell."""
TOP_CELLS = 5


class Prediction(models.Model):
    """What a model version answers for one view of a panorama: computed once, stored whole."""

    model_version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="predictions")
    panorama = models.ForeignKey(Panorama, on_delete=models.CASCADE, related_name="predictions")
    view = models.CharField(max_length=60)
    rule = models.CharField(max_length=20)
    lat = models.FloatField()
    lng = models.FloatField()
    top_cells = models.JSONField()
    distribution = models.BinaryField(
        help_text="Probabilities of the partition's cells, little-endian float32."
    )
    digest = models.CharField(max_length=64, db_index=True, help_text="SHA-256 of the distribution.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "opponent_prediction"  # where the predictions of older databases are
        constraints = [
            models.UniqueConstraint(
                fields=["model_version", "panorama", "view", "rule"], name="one_prediction_a_view"
            )
        ]

    def __str__(self) -> str:
        return f"{self.model_version} on {self.panorama}"
