"""Who takes part (providers, banks, operators, firms, regulators), their clients, and OAuth 2.0 for them."""
