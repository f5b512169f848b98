"""Lending feedback 信贷反馈."""
