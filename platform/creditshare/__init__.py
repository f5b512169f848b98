"""Shared credit information about small and micro firms."""
