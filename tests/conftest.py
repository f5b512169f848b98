"""What every test may ask for: see the plug-ins."""

pytest_plugins = [
    "tests.groups",
    "tests.fixtures_servers",
    "tests.fixtures_web",
    "tests.fixtures_intake",
    "tests.fixtures_platform",
]
