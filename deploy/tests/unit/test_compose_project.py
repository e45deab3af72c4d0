"""What compose is told: values may hold any character, and a stack from before is still known."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from engines.compose.project import FOLDER, Project
from engines.external import External
from engines.local.plan import Request
from engines.state import State
from engines.tier import load_tier

ODD = 'it\'s "odd" $HOME ${x} 100% # \\ back\\n Größe'


@pytest.fixture
def project(tmp_path: Path) -> Project:
    state = State(tmp_path / ODD / "state")
    state.make()
    return Project.of(state, ["startup.yaml", "local-database.yaml", "local-mail.yaml"])


def request_of(**settings: str) -> Request:
    tier = load_tier("startup")
    return Request(tier=tier.name, values=tier.values, settings=settings, external=External())


@pytest.mark.skipif(not shutil.which("docker"), reason="there is no docker command")
def test_compose_reads_what_was_meant(project: Project) -> None:
    project.configure(request_of(ACCOUNTS_ODD=ODD))
    command = [*project.command("config", "--format", "json")]
    done = subprocess.run(command, env=project.environment(), capture_output=True, text=True, check=False)
    if "not a docker command" in done.stderr or "unknown" in done.stderr:
        pytest.skip("there is no docker compose")
    assert done.returncode == 0, done.stderr
    app = json.loads(done.stdout)["services"]["app"]
    assert app["environment"]["ACCOUNTS_ODD"].replace("$$", "$") == ODD
    assert app["environment"]["REDIS_URL"] == "redis://*@valkey:6379/0"


def test_the_values_reach_compose_as_they_are(project: Project) -> None:
    project.configure(request_of())
    assert project.environment()["BOXOFFICE_SETTINGS"] == str(project.state.folder / "settings.env")
    assert (project.state.folder / "settings.env").stat().st_mode & 0o777 == 0o600
    project.set(INSTANCES="5")
    assert project.environment()["INSTANCES"] == "5"


def test_the_values_of_older_code_are_read_and_kept(project: Project) -> None:
    (project.state.folder / "compose.env").write_text("INSTANCES='3'\nEDGE_DOMAIN='localhost'\n")
    assert project.variables() == {"INSTANCES": "3", "EDGE_DOMAIN": "localhost"}
    project.set(INSTANCES="4")
    assert project.variables() == {"INSTANCES": "4", "EDGE_DOMAIN": "localhost"}


def test_a_project_keeps_its_name_and_finds_its_files_where_the_folder_is_moved(
    project: Project, tmp_path: Path
) -> None:
    given = External(smtp_url="smtp://me:mine@mail.example")
    project.configure(Request(tier="startup", values=load_tier("startup").values, external=given))
    project.state.write("current.json", {"project": project.name})
    project.state.folder.rename(tmp_path / "moved")
    moved = Project.of(State(tmp_path / "moved"), project.files)
    assert moved.name == project.name
    environment = moved.environment()
    assert Path(environment["SMTP_URL_FILE"]).read_text() == given.smtp_url
    assert Path(environment["BOXOFFICE_SETTINGS"]).is_file()
    assert environment["DATABASE_URL_FILE"] == "/dev/null"


def test_every_file_of_it_is_there(project: Project) -> None:
    assert all((FOLDER / name).is_file() for name in project.files)
