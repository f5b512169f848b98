"""Talent and technology 人才及技术."""
