"""Production and operation 生产经营."""
