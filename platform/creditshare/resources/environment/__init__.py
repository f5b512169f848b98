"""Energy and environment 节能环保."""
