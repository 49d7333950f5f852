"""What people type to have an account. Rules are the services'; forms only speak of them beside the field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth import authenticate, password_validation
from django.contrib.auth.models import User
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from geogame.accounts.names import BadName, clean_name
from geogame.accounts.services import login_name_is_taken, stored_login_name

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MOST_LOGIN_NAME = 60
MOST_PASSWORD = 200  # hashing a longer one would only cost time
MOST_NAME = 60

Attributes = dict[str, Any]
PLAIN: Attributes = {"autocapitalize": "none", "autocorrect": "off", "spellcheck": "false"}


def _password_field(
    label: StrOrPromise, *, autocomplete: str, help_text: StrOrPromise = ""
) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=MOST_PASSWORD,
        strip=False,
        help_text=help_text,
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
    )


def _name_field(*, required: bool) -> forms.CharField:
    return forms.CharField(
        label=_("Name that others see"),
        max_length=MOST_NAME,
        required=required,
        help_text="" if required else _("You can leave it out: then it is the name you log in with."),
        widget=forms.TextInput(attrs={"autocomplete": "nickname", "spellcheck": "false"}),
    )


class NewPasswordForm(forms.Form):
    """Two fields that must be alike, and the site's rules for passwords."""

    def _check_new_password(self, data: dict[str, Any], user: User | None) -> None:
        password, again = data.get("new_password"), data.get("new_password_again")
        if password is None:
            return
        if again is not None and password != again:
            self.add_error("new_password_again", _("The two passwords are not the same: type them again."))
            return
        try:
            password_validation.validate_password(password, user)
        except forms.ValidationError as error:
            self.add_error("new_password", error)


class RegisterForm(NewPasswordForm):
    username = forms.CharField(
        label=_("Name to log in with"),
        max_length=MOST_LOGIN_NAME,
        help_text=_("Letters, digits and @ . + - _ only. Capitals make no difference."),
        validators=[UnicodeUsernameValidator()],
        widget=forms.TextInput(attrs={"autocomplete": "username", **PLAIN}),
    )
    name = _name_field(required=False)
    new_password = _password_field(
        _("Password"),
        autocomplete="new-password",
        help_text=_("At least 8 characters, and none of the well-known ones."),
    )
    new_password_again = _password_field(_("The password again"), autocomplete="new-password")

    def clean_username(self) -> str:
        login_name = stored_login_name(self.cleaned_data["username"])
        if login_name_is_taken(login_name):
            raise forms.ValidationError(_("Somebody logs in with this name already: choose another."))
        return login_name

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        return _checked_name(name) if name else ""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        self._check_new_password(data, User(username=data.get("username", "")))
        return data


class LogInForm(forms.Form):
    username = forms.CharField(
        label=_("Name to log in with"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username", **PLAIN}),
    )
    password = _password_field(_("Password"), autocomplete="current-password")

    def __init__(self, request: HttpRequest, data: Any = None) -> None:
        super().__init__(data)
        self.request = request
        self.user: User | None = None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if "username" in data and "password" in data:
            self.user = self._account_of(data["username"], data["password"])
            if self.user is None:
                raise forms.ValidationError(
                    _("This name and this password do not belong together. Check both and try again.")
                )
        return data

    def _account_of(self, typed: str, password: str) -> User | None:
        """Accounts made on the command line may have capitals in their names: as typed first."""
        for username in dict.fromkeys([typed.strip(), stored_login_name(typed)]):
            user = authenticate(self.request, username=username, password=password)
            if isinstance(user, User):
                return user
        return None


class NameForm(forms.Form):
    name = _name_field(required=True)

    def clean_name(self) -> str:
        return _checked_name(self.cleaned_data["name"])


class OwnPasswordForm(forms.Form):
    """Asks for the password of the account before something that cannot be taken back."""

    password = _password_field(_("Your password"), autocomplete="current-password")

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(data)
        self.user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise forms.ValidationError(_("This is not the password of your account."))
        return password


class PasswordForm(OwnPasswordForm, NewPasswordForm):
    new_password = _password_field(
        _("New password"),
        autocomplete="new-password",
        help_text=_("At least 8 characters, and none of the well-known ones."),
    )
    new_password_again = _password_field(_("The new password again"), autocomplete="new-password")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        self._check_new_password(data, self.user)
        return data


def _checked_name(raw: str) -> str:
    try:
        return clean_name(raw)
    except BadName as error:
        raise forms.ValidationError(error.message) from None
