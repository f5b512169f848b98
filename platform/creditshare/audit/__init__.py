"""The query log: who asked about which firm, when, why, on whose permission, and what was answered."""
