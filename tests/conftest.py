"""What every test may ask for: see the two plug-ins."""

pytest_plugins = ["tests.fixtures_servers", "tests.fixtures_web", "tests.fixtures_intake"]
