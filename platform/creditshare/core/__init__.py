"""What every feature stands on: database, clock, money, outbox, encryption, logs, key-value store."""
