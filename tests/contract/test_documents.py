"""What can be said, set or asked is explained; what the documents show is there and runs."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import textwrap

import pytest

from config import ROOT
from creditshare.consents.purposes import PURPOSES_OF
from creditshare.core.database import Base
from creditshare.core.migrations import TABLES_WITHOUT_MODEL
from creditshare.participants.roles import ROLE_SCOPES, SCOPES, Role
from creditshare.resources.catalogue import ALL_KINDS
from tests.contract.codes import error_codes, fault_codes, not_rated_reasons

DOCUMENTS = sorted(
    path for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")] if not path.name.startswith(".")
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
METHODS = {"get", "post", "put", "patch", "delete"}
UNDOCUMENTED_PATHS = {
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/docs",
}  # of OpenAPI, not of api.md


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


def words_of(name):
    """Everything a document puts between backticks."""
    return set(re.findall(r"`([^`\n]+)`", text_of(name)))


def first_column(name):
    """The words between backticks in the first cell of each table row."""
    found = set()
    for line in text_of(name).splitlines():
        if line.startswith("| `"):
            found |= set(re.findall(r"`([^`]+)`", line.split("|")[1]))
    return found


def settings_read():
    """The names that config/settings.py looks up."""
    tree = ast.parse(text_of("config/settings.py"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            argument = node.args[0]
            if node.func.attr in {"text", "number", "get"} and isinstance(argument, ast.Constant):
                found.add(argument.value)
    return {name for name in found if isinstance(name, str) and name.isupper()}


def samples(*languages):
    return [
        pytest.param(textwrap.dedent(code), id=f"{path.relative_to(ROOT)}-{number}")
        for path in DOCUMENTS
        for number, (_, language, code) in enumerate(BLOCK.findall(path.read_text(encoding="utf-8")))
        if language in languages
    ]


def test_every_setting_is_explained():
    read = settings_read()
    assert len(read) > 10

    assert read - first_column("docs/configuration.md") == set()
    written = set(re.findall(r"^#([A-Z_]+)=", text_of(".env.example"), re.MULTILINE))
    assert read - written == {"CREDITSHARE_IGNORE_DOTENV"}
    assert written - read == set()


def test_every_scope_is_explained_with_the_roles_that_can_have_it():
    assert set(SCOPES) - first_column("docs/scopes.md") == set()
    for line in text_of("docs/scopes.md").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        scope = cells[0].strip("`")
        if scope in SCOPES:
            able = {role.value for role in Role if scope in ROLE_SCOPES[role]}
            assert set(cells[2].split(", ")) == ({"all"} if len(able) == len(Role) else able), scope


def test_every_purpose_is_explained():
    asked = {purpose.value for purposes in PURPOSES_OF.values() for purpose in purposes}

    assert asked - words_of("docs/scopes.md") == set()


def test_every_code_is_explained_and_no_other():
    said = error_codes() | fault_codes() | not_rated_reasons()

    assert said - words_of("docs/errors.md") == set()
    invented = {word for word in first_column("docs/errors.md") if re.fullmatch(r"[a-z]+(-[a-z]+)*", word)}
    assert invented - said == set()


def test_every_path_is_explained_and_no_other(client):
    served = {
        f"{method.upper()} {path}"
        for path, operations in client.get("/openapi.json").json["paths"].items()
        for method in METHODS & set(operations)
    }
    explained = {
        word
        for word in first_column("docs/api.md")
        if word.startswith(("GET ", "POST ", "PUT ", "PATCH ", "DELETE "))
    }

    assert served - explained == set()
    assert {entry.split()[1] for entry in explained - served} == UNDOCUMENTED_PATHS


def test_every_table_has_its_room():
    tables = set(Base.metadata.tables) - {kind.table_name for kind in ALL_KINDS} | TABLES_WITHOUT_MODEL

    assert tables - words_of("docs/architecture.md") == set()


def test_every_decision_is_listed_and_every_one_named_in_the_code_exists():
    pages = {path.name[:4]: path for path in (ROOT / "docs" / "adr").glob("[0-9]*.md")}
    listed = text_of("docs/adr/README.md")
    assert [number for number, path in pages.items() if path.name not in listed] == []
    assert sorted(pages) == [f"{number:04}" for number in range(1, len(pages) + 1)]

    for path in pages.values():
        page = path.read_text(encoding="utf-8")
        assert page.startswith(f"# {path.name[:4]} ")
        assert HEADING.findall(page)[1:] == ["Context", "Decision", "Consequences"]
    sources = [
        *(ROOT / "platform").rglob("*.py"),
        *(ROOT / "workers").rglob("*.py"),
        *(ROOT / "config").rglob("*.py"),
    ]
    named = {
        number for path in sources for number in re.findall(r"ADR (\d{4})", path.read_text(encoding="utf-8"))
    }
    assert named - set(pages) == set()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path):
    broken = []
    for target in LINK.findall(path.read_text(encoding="utf-8")):
        if target.startswith(("https://", "http://", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        aim = (path.parent / name).resolve() if name else path
        if not aim.exists() or (anchor and anchor not in anchors_of(aim)):
            broken.append(target)

    assert broken == []


def anchors_of(path):
    headings = HEADING.findall(path.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("code", samples("python"))
def test_python_samples_are_python(code):
    compile(code, "sample", "exec")


@pytest.mark.parametrize("code", samples("bash", "sh"))
def test_shell_samples_are_shell(code):
    bash = shutil.which("bash") or pytest.fail("bash is not installed")

    checked = subprocess.run([bash, "-n"], input=code, capture_output=True, text=True)

    assert checked.stderr == ""


@pytest.mark.parametrize("code", samples("bash", "sh"))
def test_shell_samples_name_what_exists(code):
    """Every `make` target, file of the project and verb of the command line in them is there."""
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    verbs = set(
        re.findall(r"^for command in \(([^)]*)\)", text_of("platform/creditshare/cli.py"), re.MULTILINE)[
            0
        ].split(", ")
    )

    assert set(re.findall(r"^ *make ([a-z]+)", code, re.MULTILINE)) <= targets
    assert set(re.findall(r"(?:^|bin/)creditshare ([a-z]+)", code, re.MULTILINE)) <= verbs
    assert [name for name in re.findall(r"\btests/[\w/.]+", code) if not (ROOT / name).exists()] == []


def test_files_named_in_the_documents_exist():
    """Paths of the project between backticks: of modules, folders, and files at its root."""
    places = ("platform/", "config/", "workers/", "migrations/", "tests/", "docs/", ".ci/", "bench/")
    missing = {
        f"{path.relative_to(ROOT)}: {word}"
        for path in DOCUMENTS
        for word in re.findall(r"`([\w./-]+)`", path.read_text(encoding="utf-8"))
        if word.startswith(places) and not (ROOT / word).exists()
    }

    assert missing == set()


def test_the_image_and_the_composition_name_commands_that_exist():
    """Neither can be built in a test; at least their words are checked."""
    words = text_of("Dockerfile") + text_of("compose.yaml")

    assert set(re.findall(r"creditshare, ([a-z]+)", words)) <= {"db"}
    for word, file in (
        ("wsgi:app", "wsgi.py"),
        ("workers.app", "workers/app.py"),
        ("workers.relay", "workers/relay.py"),
    ):
        assert word in words
        assert (ROOT / file).exists()
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", text_of("Dockerfile"), re.MULTILINE)
    assert [name for names in copied for name in names.split() if not (ROOT / name).exists()] == []
    set_there = set(re.findall(r"^    ([A-Z_]+):", text_of("compose.yaml"), re.MULTILINE))
    assert set_there <= settings_read() | {
        "POSTGRES_USER",
        "POSTGRES_DB",
        "POSTGRES_PASSWORD",
        "POSTGRES_INITDB_ARGS",
    }
