"""Everything an installation may change without touching code: settings, catalogue, scorecards, calendars."""

from config.settings import ROOT, data_dir, load_settings, read_environment

__all__ = ["ROOT", "data_dir", "load_settings", "read_environment"]
