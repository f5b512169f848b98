"""What a record kind is, the catalogue of all kinds, and one folder per resource group."""
