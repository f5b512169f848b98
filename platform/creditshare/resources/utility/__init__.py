"""Utilities 用水用电."""
