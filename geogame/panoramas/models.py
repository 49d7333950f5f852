from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q


class Panorama(models.Model):
    """A picture with a known place: 360 degrees, or a flat photo."""

    class Projection(models.TextChoices):
        FLAT = "flat"
        EQUIRECTANGULAR = "equirectangular"

    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the imported file.")
    file = models.CharField(
        max_length=200, help_text="The re-encoded picture inside MEDIA_ROOT, without metadata."
    )
    file_digest = models.CharField(max_length=64, help_text="SHA-256 of the re-encoded picture.")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    projection = models.CharField(max_length=20, choices=Projection)
    lat = models.FloatField("latitude", validators=[MinValueValidator(-90), MaxValueValidator(90)])
    lng = models.FloatField("longitude", validators=[MinValueValidator(-180), MaxValueValidator(180)])
    place = models.CharField(max_length=200, blank=True, help_text="Name for people: the nearest town.")
    country = models.CharField(
        max_length=2, blank=True, db_index=True, help_text="ISO 3166-1 code; empty in the open sea."
    )
    heading = models.FloatField(
        null=True, blank=True, help_text="Compass direction of the picture's centre, degrees."
    )
    taken_at = models.CharField(
        max_length=40, blank=True, help_text="As the source gives it: often without a zone."
    )
    licence = models.CharField(max_length=100, blank=True)
    author = models.CharField(max_length=200, blank=True)
    source = models.CharField(
        max_length=500, blank=True, help_text="Where it comes from: an address or a name."
    )
    kind = models.CharField(max_length=50, blank=True)
    group = models.CharField(
        max_length=200,
        blank=True,
        db_index=True,
        help_text="Pictures of one sequence, walk or author share a group.",
    )
    drawn = models.BooleanField(default=False, db_index=True, help_text="Drawn from facts, not photographed.")
    facts = models.JSONField(
        default=dict,
        blank=True,
        help_text="Of a drawn picture: what its renderer says of it.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(
        null=True, blank=True, help_text="Since then its files are deleted and nobody is shown it."
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="panorama_on_the_globe", condition=Q(lat__range=(-90, 90)) & Q(lng__range=(-180, 180))
            )
        ]

    def __str__(self) -> str:
        return f"Panorama {self.pk}"

    @property
    def path(self) -> Path:
        return Path(settings.MEDIA_ROOT) / self.file

    @property
    def is_360(self) -> bool:
        return self.projection == self.Projection.EQUIRECTANGULAR


class FairView(models.Model):
    """The opening view of a 360-degree panorama, cut once: the very bytes that people and models get."""

    panorama = models.OneToOneField(Panorama, on_delete=models.CASCADE, related_name="fair_view")
    file = models.CharField(max_length=200, help_text="The JPEG inside MEDIA_ROOT, without metadata.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file.")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"Opening view of {self.panorama}"

    @property
    def path(self) -> Path:
        return Path(settings.MEDIA_ROOT) / self.file


class Map(models.Model):
    """A named set of panoramas to draw rounds from. The scale of its score belongs to it."""

    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True, allow_unicode=True)
    panoramas = models.ManyToManyField(Panorama, related_name="maps", blank=True)
    scale_km = models.FloatField(
        null=True, blank=True, help_text="Diagonal of the box around its panoramas, 50 or more."
    )
    is_published = models.BooleanField(default=False, help_text="Can be played.")
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
