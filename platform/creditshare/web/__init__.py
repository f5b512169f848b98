"""What every view stands on: blueprint, authentication, transactions, problems, paging, limits, health."""
