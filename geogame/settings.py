"""All settings, read once from the environment. Each variable is explained in docs/settings.md."""

from __future__ import annotations

import sys
from pathlib import Path

import dj_database_url
import django_stubs_ext
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from geogame.lib.env import (
    env_bool,
    env_float,
    env_int,
    env_limits,
    env_list,
    env_path,
    env_slug,
    env_str,
    kept_secret,
)

django_stubs_ext.monkeypatch()  # ModelAdmin[Map] and the like, at run time too

BASE_DIR = Path(__file__).resolve().parent.parent

DATA_DIR = env_path("DATA_DIR", BASE_DIR / "data")
MEDIA_ROOT = env_path("MEDIA_ROOT", DATA_DIR / "media")
MODEL_ROOT = env_path("MODEL_ROOT", DATA_DIR / "models")
RUN_ROOT = env_path("RUN_ROOT", DATA_DIR / "runs")

# --- Security ------------------------------------------------------------------------------------
DEBUG = env_bool("DEBUG", True)
SECRET_KEY = env_str("SECRET_KEY")
if not SECRET_KEY:
    if not DEBUG:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set, and DEBUG=0 has no default for it. "
            "Set it to 50 or more random characters and keep it secret."
        )
    SECRET_KEY = kept_secret(DATA_DIR / "secret_key")

HOST = env_str("HOST", "127.0.0.1")
PORT = env_int("PORT", 8000, minimum=1, maximum=65535)
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS", [])
HTTPS = env_bool("HTTPS", False)
SESSION_COOKIE_AGE = 60 * 60 * 24 * 365
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "geogame.pages.problems.csrf_failure"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = env_int("HSTS_S", 30 * 24 * 3600, minimum=0, maximum=2 * 365 * 24 * 3600)
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
# How many proxies of ours stand in front: only what they wrote of X-Forwarded-For is believed.
TRUSTED_PROXIES = env_int("TRUSTED_PROXIES", 0, minimum=0, maximum=10)
# What one player and one address may do, as "each player/each address/seconds".
RATE_LIMITS = env_limits(
    "RATE_LIMITS",
    "start=30/300/600,challenge=20/200/600,guess=60/1200/60,next=60/1200/60,skip=20/200/60,country=120/2400/60,"
    "settings=60/600/600,room=30/300/600,room-code=20/60/600,queue=30/300/600,wait=60/1200/60,"
    "login=10/100/900,register=10/60/3600,bot=20/60/600,socket=60/1200/60,player-api=600/2400/60",
)

# --- Apps ----------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "geogame.pages.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "servestatic",
    "leaflet",
    "geogame.pages",
    "geogame.live",
    "geogame.profiles",
    "geogame.ratings",
    "geogame.training",
    "geogame.evaluations",
    "geogame.datasets",
    "geogame.reports",
    "geogame.studies",
    "geogame.round_sets",
    "geogame.opponent",
    "geogame.rooms",
    "geogame.albums",
    "geogame.games",
    "geogame.predictions",
    "geogame.world",
    "geogame.panoramas",
    "geogame.accounts",
    "geogame.registry",
    "geogame.lib",
]
MIDDLEWARE = [
    "geogame.lib.headers.security_headers",
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "geogame.pages.context.site",
            ]
        },
    }
]
ROOT_URLCONF = "geogame.urls"
ASGI_APPLICATION = "geogame.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "geogame.formats"
LANGUAGE_COOKIE_AGE = SESSION_COOKIE_AGE
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SECURE = HTTPS
TIME_ZONE = "UTC"
USE_TZ = True
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "profile"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]


# --- Database ------------------------------------------------------------------------------------
def _database(url: str) -> dict[str, object]:
    try:
        config: dict[str, object] = dict(dj_database_url.parse(url, conn_max_age=0))
    except (dj_database_url.ParseError, ValueError) as error:
        raise ImproperlyConfigured(
            f"DATABASE_URL cannot be read ({error}): use postgres://user:password@host:5432/name or sqlite:///path."
        ) from None
    if config["ENGINE"] == "django.db.backends.sqlite3":
        config["ENGINE"] = "geogame.lib.sqlite"
        # Several processes write: without IMMEDIATE, a transaction that turns from reading to
        # writing fails at once with "database is locked" however long the timeout.
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
    return config


DATABASE_URL = env_str("DATABASE_URL", f"sqlite:///{DATA_DIR / 'db.sqlite3'}")
DATABASES = {"default": _database(DATABASE_URL)}

# --- Messages between processes --------------------------------------------------------------------
# `manage.py play` writes the address of the embedded server here, for commands in other shells.
EMBEDDED_REDIS_FILE = DATA_DIR / "run" / "redis_url"


def _redis_url() -> str:
    url = env_str("REDIS_URL")
    if not url and EMBEDDED_REDIS_FILE.exists():
        url = EMBEDDED_REDIS_FILE.read_text().strip()
    if url and not url.startswith(("redis://", "rediss://", "unix://")):
        raise ImproperlyConfigured(f"REDIS_URL={url!r}: use redis://host:6379/0, rediss:// or unix:///path.")
    return url


REDIS_URL = _redis_url()
CHANNEL_LAYERS = (
    {
        "default": {
            "BACKEND": "geogame.lib.channel_layer.ChannelLayer",
            "CONFIG": {"hosts": [REDIS_URL]},
        }
    }
    if REDIS_URL
    else {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
)
# Counts of what players do, seen by all processes. Other caches stay in each process.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "limits": (
        {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "arena",
            "OPTIONS": {
                "serializer": "geogame.lib.limits.Numbers",
                "socket_connect_timeout": 0.5,
                "socket_timeout": 0.5,
            },
        }
        if REDIS_URL
        else {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": "limits",
            "OPTIONS": {"MAX_ENTRIES": 100_000},
        }
    ),
}
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1) or "memory://"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "retry_on_timeout": False,
}
CELERY_TASK_ALWAYS_EAGER = False

# --- The admin ---------------------------------------------------------------------------------------
# Colours and fonts: static/css/admin.css; what else it shows: geogame/pages/admin_site.py.
UNFOLD = {
    "SITE_SYMBOL": "public",
    "SHOW_BACK_BUTTON": True,
    "SIDEBAR": {"show_search": True, "navigation": "geogame.pages.admin_site.navigation"},
}

# --- Pictures, static files, map -------------------------------------------------------------------
# What lies under the name of a version never changes: a browser asks for it once.
STATIC_VERSION = env_slug("STATIC_VERSION")
STATIC_URL = f"/static/{STATIC_VERSION}/" if STATIC_VERSION else "/static/"
STATIC_ROOT = BASE_DIR / "build" / "static"
NODE_MODULES = BASE_DIR / "node_modules"
VENDOR = {
    "vendor/pannellum": NODE_MODULES / "pannellum" / "build",
    "vendor/inter": NODE_MODULES / "@fontsource-variable" / "inter",
    "vendor/lucide": NODE_MODULES / "lucide-static" / "icons",
    "vendor/uplot": NODE_MODULES / "uplot" / "dist",
    "vendor/topojson-client": NODE_MODULES / "topojson-client" / "dist",
    "vendor/world-atlas": NODE_MODULES / "world-atlas",
    "basemap": BASE_DIR / "build" / "basemap",
}
STATICFILES_DIRS: list[Path | tuple[str, Path]] = [
    BASE_DIR / "static",
    *((prefix, path) for prefix, path in VENDOR.items() if path.is_dir()),
]
# Without a version a page must ask whether a file is still the same; servestatic answers 304.
SERVESTATIC_MAX_AGE = 365 * 24 * 3600 if STATIC_VERSION else 0
SERVESTATIC_USE_MANIFEST = False
SERVESTATIC_ALLOW_ALL_ORIGINS = False

MAP_TILE_URL = env_str("MAP_TILE_URL")
MAP_TILE_ATTRIBUTION = env_str("MAP_TILE_ATTRIBUTION")
if MAP_TILE_URL and not all(part in MAP_TILE_URL for part in ("{z}", "{x}", "{y}")):
    raise ImproperlyConfigured(f"MAP_TILE_URL={MAP_TILE_URL!r} lacks {{z}}, {{x}} or {{y}}.")
LEAFLET_CONFIG = {
    "DEFAULT_CENTER": (20, 0),
    "DEFAULT_ZOOM": 1,
    "MIN_ZOOM": 1,
    "MAX_ZOOM": 18,
    "TILES": [("Map", MAP_TILE_URL, {"attribution": MAP_TILE_ATTRIBUTION})] if MAP_TILE_URL else [],
    "RESET_VIEW": False,
    "SCALE": None,
    "ATTRIBUTION_PREFIX": "Leaflet",
    "NO_GLOBALS": True,
}

# --- The game --------------------------------------------------------------------------------------
# How long a round waits for the model before it opens without it (seconds).
MODEL_ANSWER_TIMEOUT_S = env_float("MODEL_ANSWER_TIMEOUT_S", 3.0, minimum=0.0, maximum=600.0)

# How many pictures the model looks at together ahead of play, at most; 0 predicts nothing ahead.
PREDICT_AHEAD_BATCH = env_int("PREDICT_AHEAD_BATCH", 16, minimum=0, maximum=512)

# How finely the model is asked what it looked at: boxes along each side; 0 draws no such picture.
EXPLAIN_POSITIONS = env_int("EXPLAIN_POSITIONS", 12, minimum=0, maximum=40)

# Whether explanations, reports and other work beside a game leave the processor to it first.
BACKGROUND_LOW_PRIORITY = env_bool("BACKGROUND_LOW_PRIORITY", True)

# The map of the daily game, by its slug; without one it is the published map with the most panoramas.
DAILY_MAP = env_str("DAILY_MAP")

# The drawn map that everybody has: how many panoramas, and what the program brings of it.
WORLD_COUNT = env_int("WORLD_COUNT", 600, minimum=0, maximum=5000)
WORLD_PLAY_SET = BASE_DIR / "procedural_earth" / "play_set"
WORLD_TRIPS = BASE_DIR / "procedural_earth" / "play_trips"
WORLD_MODEL = BASE_DIR / "procedural_earth" / "model"
WORLD_ALBUM_MODEL = BASE_DIR / "procedural_earth" / "album_model"

# --- Training --------------------------------------------------------------------------------------
# How many training jobs run at once, and how many GB runs and model versions may take; 0 is no limit.
TRAINING_PARALLEL_JOBS = env_int("TRAINING_PARALLEL_JOBS", 1, minimum=1, maximum=64)
TRAINING_DISK_GB = env_float("TRAINING_DISK_GB", 0.0, minimum=0.0, maximum=1e6)
# How long a training process that is to stop may take to save its checkpoint before it is killed (seconds).
TRAINING_STOP_GRACE_S = env_float("TRAINING_STOP_GRACE_S", 60.0, minimum=0.0, maximum=3600.0)
# After how long without a sign of its worker a job is taken from it (seconds).
TRAINING_LOST_AFTER_S = env_float("TRAINING_LOST_AFTER_S", 90.0, minimum=1.0, maximum=3600.0)
# Over several machines: how many there are, and where they meet.
TRAINING_NODES = env_int("TRAINING_NODES", 1, minimum=1, maximum=1024)
TRAINING_RENDEZVOUS = env_str("TRAINING_RENDEZVOUS")
if TRAINING_NODES > 1 and ":" not in TRAINING_RENDEZVOUS:
    raise ImproperlyConfigured(
        f"TRAINING_NODES={TRAINING_NODES} needs TRAINING_RENDEZVOUS=host:port of this machine to meet at."
    )

# Data sets to train on: the folders on this machine that they may come from, and how large uploads may be.
DATA_SET_ROOTS = env_list("DATA_SET_ROOTS", [str(DATA_DIR / "sources")])
DATA_SET_UPLOAD_MB = env_int("DATA_SET_UPLOAD_MB", 2000, minimum=1, maximum=1_000_000)

# How large a model file may be that is uploaded in the admin.
MODEL_UPLOAD_MB = env_int("MODEL_UPLOAD_MB", 2000, minimum=1, maximum=1_000_000)

# --- Messages in the log ---------------------------------------------------------------------------
LOG_LEVEL = env_str("LOG_LEVEL", "WARNING").upper()
if LOG_LEVEL not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
    raise ImproperlyConfigured(f"LOG_LEVEL={LOG_LEVEL!r}: use DEBUG, INFO, WARNING, ERROR or CRITICAL.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": sys.stderr, "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {"geogame": {"level": "INFO" if LOG_LEVEL == "WARNING" else LOG_LEVEL}},
}
