"""The web entry: what granian (or any WSGI server) serves."""

from __future__ import annotations

from config import load_settings, read_environment
from creditshare.app import create_app

app = create_app(load_settings(read_environment()))
