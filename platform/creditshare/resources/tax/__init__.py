"""Tax and fees 纳税缴费."""
