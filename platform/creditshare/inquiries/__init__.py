"""The only way to read a firm: consent, answer and log entry in one transaction."""
