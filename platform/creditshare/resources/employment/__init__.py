"""Employment 劳动用工."""
