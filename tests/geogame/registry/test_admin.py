from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from geogame.registry.files import delete_version, export_version
from geogame.registry.models import Activation, ModelVersion
from geogame.registry.services import register

LIST = "/admin/registry/modelversion/"


@pytest.fixture
def version(settings: Any, model_directory: Path, db: None) -> ModelVersion:
    folder = Path(settings.MODEL_ROOT) / "trained"
    shutil.copytree(model_directory, folder)
    return register(directory=folder, name="Old towns")


def staff_with(client: Client, *permissions: str) -> Client:
    user = User.objects.create_user("staff", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return client


def upload(client: Client, content: bytes, **values: str) -> Any:
    file = SimpleUploadedFile("../../model.zip", content, "application/zip")
    return client.post(f"{LIST}import/", {"file": file, **values}, follow=True)


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_a_version_is_downloaded_and_uploaded(admin_client: Client, version: ModelVersion) -> None:
    response = admin_client.get(f"{LIST}{version.pk}/export/")
    assert response["Content-Disposition"] == f'attachment; filename="old-towns-{version.digest[:8]}.zip"'
    content = body(response)
    assert zipfile.ZipFile(io.BytesIO(content)).namelist()[0] == "manifest.json"
    delete_version(version)
    page = upload(admin_client, content, name="Back again")
    assert "is here. It does not play yet." in page.content.decode()
    back = ModelVersion.objects.get()
    assert (back.digest, back.name, back.is_active) == (version.digest, "Back again", False)


def test_a_foreign_file_is_refused_beside_the_field(admin_client: Client, settings: Any) -> None:
    page = upload(admin_client, b"GIF89a")
    assert page.status_code == 400
    assert "The file cannot be imported" in page.content.decode()
    settings.MODEL_UPLOAD_MB = 0
    assert "setting MODEL_UPLOAD_MB" in upload(admin_client, b"GIF89a").content.decode()
    assert not Path(settings.MODEL_ROOT).exists()


def test_a_version_is_deleted_after_a_question(admin_client: Client, version: ModelVersion) -> None:
    asked = {"action": "delete_versions", "_selected_action": str(version.pk)}
    assert "for good?" in admin_client.post(LIST, asked, follow=True).content.decode()
    assert version.path.is_dir()
    ModelVersion.objects.update(is_active=True)
    page = admin_client.post(LIST, {**asked, "confirmed": "yes"}, follow=True).content.decode()
    assert "plays: take it out of play first" in page
    ModelVersion.objects.update(is_active=False)
    page = admin_client.post(LIST, {**asked, "confirmed": "yes"}, follow=True).content.decode()
    assert "are free again" in page
    assert not version.path.exists()


def test_the_page_of_a_version_shows_its_card_and_changes_its_name_alone(
    admin_client: Client, version: ModelVersion
) -> None:
    page = admin_client.get(f"{LIST}{version.pk}/change/").content.decode()
    assert "What it is not for" in page
    admin_client.post(f"{LIST}{version.pk}/change/", {"name": "Newer", "digest": "0" * 64})
    version.refresh_from_db()
    assert version.name == "Newer"
    assert version.digest != "0" * 64


def test_who_may_only_look_can_do_nothing(client: Client, version: ModelVersion) -> None:
    staff = staff_with(client, "view_modelversion")
    assert staff.get(LIST).status_code == 200
    buffer = io.BytesIO()
    export_version(version, buffer)
    assert upload(staff, buffer.getvalue()).status_code == 403
    for action in ("activate_version", "take_out_of_play", "delete_versions"):
        staff.post(LIST, {"action": action, "_selected_action": str(version.pk), "confirmed": "yes"})
    assert not Activation.objects.exists()
    assert version.path.is_dir()


def test_the_right_to_activate_is_one_of_its_own(client: Client, version: ModelVersion) -> None:
    staff = staff_with(client, "view_modelversion", "activate_modelversion")
    staff.post(LIST, {"action": "activate_version", "_selected_action": str(version.pk)})
    asked = Activation.objects.get()
    assert asked.asked_by is not None
    assert staff.get("/admin/registry/activation/").status_code == 403


def test_activations_are_read_only(admin_client: Client, version: ModelVersion) -> None:
    activation = Activation.objects.create(version=version, state="failed", message="It takes 9 s.")
    page = admin_client.get("/admin/registry/activation/").content.decode()
    assert "It takes 9 s." in page
    assert admin_client.get(f"/admin/registry/activation/{activation.pk}/delete/").status_code == 403
