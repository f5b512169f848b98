"""The score of a firm: feature rows, scorecard, master scale, caps, reasons, and what is not rated."""
