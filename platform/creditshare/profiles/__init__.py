"""What all sources together say of a firm, on a day and as known at a moment: merged, dated, with provenance."""
