"""Long work as a mechanism that knows no feature."""
