"""What users install is whole: the wheel, the source archive and an editable install.

- Nothing here may be answered by `src`: every Python that is asked runs isolated (`-I`), from another directory, in an
  environment of its own.
- Such an environment holds the library and what the core declares as its needs (pydantic, PyYAML and what these need),
  copied from the environment of the tests; so no extra can help, and no network is asked.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
NATIONAL_RULESET = "fi-sky/2026-1"

# Building takes seconds: whoever shares the tests among several workers keeps these on one.
pytestmark = pytest.mark.xdist_group("wheel")


@dataclass(frozen=True)
class Environment:
    """A Python of its own, with the library and the needs of its core."""

    python: Path
    packages: Path
    elsewhere: Path

    def run(self, program: str) -> str:
        """Run a program in a directory that has nothing to do with the project; return what it printed."""
        return run(str(self.python), "-I", "-W", "error", "-c", program, cwd=self.elsewhere)


def run(*command: str, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def declared_needs(wheel: Path) -> list[str]:
    """What the wheel asks an installer for, extras included."""
    with zipfile.ZipFile(wheel) as archive:
        (path,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        lines = archive.read(path).decode("utf-8").splitlines()
    return [line.removeprefix("Requires-Dist: ") for line in lines if line.startswith("Requires-Dist: ")]


def needs_of_the_core(wheel: Path) -> set[str]:
    """Names of the installed distributions that the wheel needs when no extra is asked for."""
    found: set[str] = set()
    left = declared_needs(wheel)
    while left:
        requirement = Requirement(left.pop())
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        if requirement.name not in found:
            found.add(requirement.name)
            left.extend(metadata.requires(requirement.name) or [])
    return found


def make_environment(place: Path, wheel: Path) -> Environment:
    venv.create(place, with_pip=False)
    python = place / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    packages = Path(run(str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=place).strip())
    for name in needs_of_the_core(wheel):
        for file in metadata.files(name) or []:
            # Programs lie outside of the packages ("../../../bin/…") and are not wanted.
            if ".." not in file.parts and file.suffix != ".pyc":
                target = packages / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file.locate(), target)
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", "--no-compile", str(wheel), cwd=place)
    elsewhere = place / "elsewhere"
    elsewhere.mkdir()
    return Environment(python, packages, elsewhere)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source archive, and the wheel made from that archive, as they would be published."""
    place = tmp_path_factory.mktemp("built")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(place), str(ROOT), cwd=place)
    return place


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def in_wheel(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def in_source_archive(built: Path) -> set[str]:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        return {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return make_environment(tmp_path_factory.mktemp("installed"), wheel)


@pytest.fixture(scope="module")
def editable(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """What `pip install -e .` makes, by the same hook of the build backend that pip calls."""
    place = tmp_path_factory.mktemp("editable")
    hook = f"from hatchling.build import build_editable; print(build_editable({str(place)!r}))"
    name = run(sys.executable, "-c", hook, cwd=ROOT).split()[-1]
    return make_environment(place / "environment", place / name)


def files_under(folder: str, pattern: str) -> list[str]:
    """Paths of the project's own files, as the archives name them; never none, or the test would prove nothing."""
    found = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / folder).rglob(pattern)) if path.is_file()]
    assert found, f"the project has no {pattern} under {folder}"
    return found


def test_the_wheel_is_for_every_python_3_and_every_machine(wheel: Path) -> None:
    assert wheel.name.endswith("-py3-none-any.whl")


def test_the_wheel_holds_every_ruleset(in_wheel: set[str]) -> None:
    rulesets = files_under("rulesets", "*.yaml")
    assert f"rulesets/{NATIONAL_RULESET}/ruleset.yaml" in rulesets
    assert {f"sky_model/{path}" for path in rulesets} <= in_wheel


def test_the_wheel_holds_every_text(in_wheel: set[str]) -> None:
    texts = files_under("src/sky_model/texts", "*.yaml")
    assert {path.removeprefix("src/") for path in texts} <= in_wheel


def test_the_wheel_says_that_it_is_typed(in_wheel: set[str]) -> None:
    assert "sky_model/py.typed" in in_wheel


def test_the_wheel_holds_both_licences(in_wheel: set[str]) -> None:
    licences = {path.partition(".dist-info/licenses/")[2] for path in in_wheel}
    assert {"LICENSE", "rulesets/LICENSE"} <= licences
    assert "sky_model/rulesets/LICENSE" in in_wheel


def test_the_wheel_holds_the_library_and_nothing_beside_it(in_wheel: set[str]) -> None:
    tops = {path.partition("/")[0] for path in in_wheel}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"sky_model"}


def test_the_core_needs_pydantic_and_pyyaml_and_nothing_else(wheel: Path) -> None:
    needs = [Requirement(need) for need in declared_needs(wheel)]
    assert {need.name.lower() for need in needs if need.marker is None} == {"pydantic", "pyyaml"}
    assert all("extra ==" in str(need.marker) for need in needs if need.marker is not None)


@pytest.mark.parametrize("folder", ["src", "tests", "docs", "rulesets", "examples"])
def test_the_source_archive_holds_the_whole_of(folder: str, in_source_archive: set[str]) -> None:
    ours = {path for path in files_under(folder, "*") if "__pycache__" not in path}
    assert ours <= in_source_archive


def test_an_installed_wheel_is_imported_without_any_extra_and_without_src(installed: Environment) -> None:
    told = json.loads(
        installed.run(
            "import json, sys, sky_model\n"
            "print(json.dumps({'file': sky_model.__file__, 'version': sky_model.__version__, 'path': sys.path}))"
        )
    )
    assert Path(told["file"]).is_relative_to(installed.packages)
    assert told["version"] == metadata.version("sky-model")
    assert not [entry for entry in told["path"] if Path(entry).is_relative_to(ROOT / "src")]


def test_an_installed_wheel_finds_the_national_ruleset(installed: Environment) -> None:
    installed.run(f"import sky_model; sky_model.load({NATIONAL_RULESET!r})")


def test_an_editable_install_reads_src(editable: Environment) -> None:
    file = editable.run("import sky_model; print(sky_model.__file__)").strip()
    assert Path(file).is_relative_to(ROOT / "src")


def test_an_editable_install_finds_the_national_ruleset(editable: Environment) -> None:
    editable.run(f"import sky_model; sky_model.load({NATIONAL_RULESET!r})")
