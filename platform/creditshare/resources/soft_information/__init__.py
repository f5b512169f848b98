"""Soft information 软信息."""
