"""Thin tasks: a name, a session, a service."""
