"""`make golden` freezes a new schema version, and touches no published one."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.version import SCHEMA_VERSION

ROOT = Path(__file__).parents[2]
NEXT = SCHEMA_VERSION + 1


def python(root, *words):
    return subprocess.run(
        [sys.executable, *words],
        cwd=root,
        env={"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=55,
        check=False,
    )


def edit(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_a_published_version_is_refused():
    done = python(ROOT, "-m", "tests.golden")
    assert done.returncode == 2
    assert done.stderr == (
        f"Schema version {SCHEMA_VERSION} is published: fixtures/wire/v{SCHEMA_VERSION}"
        " exists and never changes. Raise SCHEMA_VERSION in schemas/version.py first.\n"
    )


@pytest.fixture
def copy(tmp_path):
    """A copy of the program at a version to come, with a new field of a sample."""
    for name in ("schemas", "server", "collector", "tests", "fixtures/wire"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    schemas = tmp_path / "schemas"
    edit(schemas / "version.py", f"SION = {SCHEMA_VERSION}", f"SION = {NEXT}")
    step = f"{{{SCHEMA_VERSION}: lambda _, fields: fields, "
    edit(schemas / "evolve.py", "{1: _from_1", f"{step}1: _from_1")
    field = '    horizon = Code(help="horizon symbol")\n'
    new = "    hue_to_come = Text(help='hue')\n"
    edit(schemas / "soil_types.py", field, field + new)
    return tmp_path


@pytest.mark.slow
def test_a_new_field_needs_a_value_and_nothing_is_written_before(copy):
    done = python(copy, "-m", "tests.golden")
    assert done.returncode == 1
    told = "sample.hue_to_come: a new field (Text); --value sample.hue_to_come=JSON\n"
    assert done.stderr == told
    assert not (copy / f"fixtures/wire/v{NEXT}").exists()


@pytest.mark.slow
def test_the_files_of_a_version_to_come_pass_the_tests_of_golden_files(copy):
    done = python(
        copy, "-m", "tests.golden", "--value", 'sample.hue_to_come="10YR 4/3"'
    )
    assert done.returncode == 0, done.stderr
    files = {path.name for path in (copy / f"fixtures/wire/v{NEXT}").iterdir()}
    now = {path.name for path in (ROOT / f"fixtures/wire/v{SCHEMA_VERSION}").iterdir()}
    assert files == now
    tests = ["tests/unit/schemas/test_golden_wire.py"]
    tests += ["tests/integration/test_versions.py", "-k", "golden or published or line"]
    tests = python(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)
    assert tests.returncode == 0, tests.stdout
