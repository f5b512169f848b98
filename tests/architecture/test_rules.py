"""Rules that no linter knows: who may read the environment, commit, ask the time, speak to the broker."""

from tests.architecture.sources import PACKAGE, sources

READS_ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}
SPEAKS_TO_BROKER = {"delay", "apply_async", "send_task"}
ASKS_THE_TIME = {"utcnow", "today", "now"}

# A write with a key commits its effect and its stored answer together: the one commit outside a `begin()` block.
COMMITS = {"platform/creditshare/web/idempotency.py"}


def is_inside(source, *places):
    return any(source.path.is_relative_to(PACKAGE / place) for place in places)


def test_only_config_reads_the_environment():
    """Commands hand `os.environ` to config and to processes they start; all else is told its settings."""
    readers = {
        f"{source.name}:{line}"
        for source in sources()
        for name, line in source.attributes()
        if name in READS_ENVIRONMENT and "os" in source.imports
        if source.path.is_relative_to(PACKAGE) and not is_inside(source, "commands")
    }

    assert readers == set()


def test_commands_look_nothing_up_in_the_environment_by_themselves():
    """Of `os.environ` a command may only be seen handing it on whole, or the names it keeps for a child."""
    lookups = {
        f"{source.name}:{line}"
        for source in sources()
        if is_inside(source, "commands")
        for name, line in source.calls()
        if name in {"getenv", "getenvb"}
    }

    assert lookups == set()


def test_nothing_commits_but_the_entry_points():
    """Views and tasks open one transaction (`transaction()`, `sessions.begin()`), services flush."""
    commits = {
        f"{source.name}:{line}"
        for source in sources()
        if source.path.is_relative_to(PACKAGE) and source.name not in COMMITS
        for name, line in source.calls()
        if name == "commit"
    }

    assert commits == set()


def test_services_queries_and_models_open_no_transaction():
    opened = {
        f"{source.name}:{line}"
        for source in sources()
        if source.path.is_relative_to(PACKAGE)
        and source.path.stem in {"services", "queries", "models", "submissions", "publication", "linking"}
        for name, line in source.calls()
        if name in {"begin", "sessionmaker", "make_engine", "create_engine"}
    }

    assert opened == set()


def test_nothing_but_the_relay_speaks_to_the_broker():
    """A service adds an outbox row; a message that goes out before the commit may speak of what never was."""
    speakers = {
        f"{source.name}:{line}"
        for source in sources()
        if source.name != "workers/relay.py"
        for name, line in source.calls()
        if name in SPEAKS_TO_BROKER
    }

    assert speakers == set()


def test_only_workers_imports_celery():
    importers = {
        source.name
        for source in sources()
        if not source.name.startswith("workers/")
        if any(module.partition(".")[0] in {"celery", "kombu", "workers"} for module in source.imports)
    }

    assert importers == set()


def test_services_queries_and_models_are_told_the_time():
    askers = {
        f"{source.name}:{line}"
        for source in sources()
        if source.path.is_relative_to(PACKAGE)
        and source.path.stem in {"services", "queries", "models", "submissions", "publication", "linking"}
        for name, line in source.calls()
        if name in ASKS_THE_TIME and not _is_sql_now(source, line)
    }

    assert askers == set()


def _is_sql_now(source, line):
    """`func.now()` is the database's default for a column, not a question asked here."""
    return "func.now()" in source.path.read_text(encoding="utf-8").splitlines()[line - 1]


def test_modules_are_named_by_a_noun_of_the_field():
    vague = {
        "utils",
        "util",
        "helpers",
        "helper",
        "common",
        "misc",
        "manager",
        "managers",
        "handlers",
        "info",
    }

    assert {source.name for source in sources() if source.path.stem in vague} == set()
