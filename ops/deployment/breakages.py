"""What is broken on purpose, so that every check is seen to notice."""
import pathlib
import shutil
import tempfile

from .machines import (check_alerts, check_confinement, check_containerfile, check_hadolint, check_promtool,
                       check_redis, check_replicas, check_runbook, check_units, check_users)
from .manifests import check_pods, check_routes, check_schemas
from .tree import Tree

K, S, P = "cluster/kubernetes/", "cluster/systemd/nightshift-", "cluster/prometheus/"
# File, what stands there, what to put instead, the check that must notice, and what it must say.
BREAKAGES = [
    (K + "worker.yaml", "podManagementPolicy", "podManagmentPolicy", check_schemas, "podManagmentPolicy"),
    (K + "redis.yaml", "replicas: 1", "replicas: one", check_schemas, "replicas"),
    (K + "network.yaml", "port: 6379", "port: [6379]", check_schemas, "6379"),
    (K + "worker.yaml", "--runners=2", "--threads=2", check_pods, "--threads"),
    (K + "worker.yaml", "--runners=2", "--runners", check_pods, "a value after --runners"),
    (K + "coordinator.yaml", "--port=9102", "--port=9103", check_pods, "expected port 9103"),
    (K + "ingress.yaml", "/var/lib/nightshift/spool", "/tmp2/spool", check_pods, "--spool"),
    (K + "ingress.yaml", "path: /readyz", "path: /ready", check_pods, "/ready"),
    (K + "ingress.yaml", "PeriodSeconds: 55", "PeriodSeconds: 35", check_pods, "grace period"),
    (K + "ingress.yaml", "runAsNonRoot: true", "runAsNonRoot: false", check_pods, "runAsNonRoot"),
    (K + "worker.yaml", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", check_pods, "read-only"),
    (K + "base.yaml", "DURABILITY:", "DURABLE:", check_pods, "$(DURABILITY)"),
    (K + "network.yaml", "app: nightshift, role: worker", "app: nightshift, role: wroker", check_pods, "selects no pod"),
    (K + "worker.yaml", "            - --notices=/etc/nightshift/notices.yaml\n", "", check_pods, "expected --notices"),
    (K + "worker.yaml", "mountPath: /etc/nightshift,", "mountPath: /etc/nights,", check_pods, "expected --notices"),
    (K + "ingress.yaml", "path: /v1/acknowledge", "path: /v1/events", check_routes, "/v1/acknowledge"),
    (K + "ingress.yaml", "pathType: Exact", "pathType: Prefix", check_routes, "Exact"),
    (S + "worker@.service", " --notices %d/notices.yaml", "", check_units, "expected --notices"),
    (S + "worker@.service", "LoadCredential=notices.yaml", "LoadCredential=notice.yaml", check_units, "expected --notices"),
    (S + "ingress.service", "LoadCredential=notice_link", "LoadCredential=link", check_units, "notice_link"),
    (S + "worker@.service", "--runners", "--threads", check_units, "--threads"),
    (S + "worker@.service", "${NIGHTSHIFT_GRAPH}", "${GRAPH}", check_units, "${GRAPH}"),
    (S + "coordinator.service", "TimeoutStopSec=40", "TimeoutStopSec=20", check_units, "TimeoutStopSec"),
    (S + "ingress.service", "StateDirectory=", "StateFolder=", check_confinement, "StateFolder"),
    (S + "redis.service", "Type=notify", "Type=notifies", check_confinement, "notifies"),
    (S + "ingress.service", "ProtectSystem=strict\nProtectHome=yes\nPrivateTmp=yes\nPrivateDevices=yes\nPrivateUsers=yes",
     "", check_confinement, "exposure"),
    (P + "alerts.yaml", "increase(nightshift_dead_letters_total[15m])", "increase(nightshift_dead_letters_total)",
     check_promtool, "range vector"),
    (P + "alerts.yaml", "nightshift_leading", "nightshift_leader", check_alerts, "nightshift_leader"),
    (P + "alerts.yaml", "nightshift_spooled_events", "nightshift_accepted_to_committed_seconds_count", check_alerts,
     "a metric that a process writes"),
    (P + "alerts.yaml", "nightshift_sweeps_behind_seconds", "nightshift_sweeps_late_seconds", check_alerts,
     "nightshift_sweeps_late_seconds"),
    (P + "alerts.yaml", "(nightshift_sweeps_behind_seconds) > 3600", "(nightshift_sweeps_behind_seconds) > 36000",
     check_promtool, "NightshiftSweepsBehind"),
    (P + "alerts.yaml", "nightshift_outcomes_total", "nightshift_outcome_total", check_alerts,
     "nightshift_outcome_total"),
    (P + "alerts.yaml", 'class="malformed"', 'class="misformed"', check_promtool, "NightshiftCallsMalformed"),
    (P + "alerts.yaml", "NightshiftNoLeader", "NightshiftLeaderless", check_alerts, "NightshiftLeaderless"),
    (P + "alerts.yaml", "> 0.75", "< 0.75", check_promtool, "NightshiftRedisFillsUp"),
    (P + "machine.yaml", "static_configs", "static_config", check_promtool, "static_config"),
    ("cluster/Containerfile", "USER 10001:10001", "USER root", check_containerfile, "USER"),
    ("cluster/Containerfile", "WORKDIR /src", "WORKDIR src", check_hadolint, "DL3000"),
    ("cluster/Containerfile", "COPY config", "COPY configuration", check_containerfile, "configuration"),
    ("cluster/redis.conf", "maxmemory-policy noeviction", "maxmemory-policy allkeys-lru", check_redis, "allkeys-lru"),
    ("cluster/redis-cluster.conf", "cluster-enabled yes", "cluster-enable yes", check_redis, "cluster-enable"),
    ("cluster/redis-auth.conf", " -@dangerous", "", check_users, "may not `flushall`"),
    ("cluster/redis-auth.conf", " -function", "", check_users, "may not `function flush`"),
    ("cluster/redis-auth.conf", "+function|load", "", check_users, "may `function load"),
    ("cluster/redis-auth.conf", "~ns:*", "~*", check_users, "may not `get other`"),
    ("cluster/redis-auth.conf", "masterauth ", "# ", check_replicas, "master_link_status"),
    (S + "redis-node@.service", "nightshift/redis-auth.conf", "nightshift/redis-users.conf", check_replicas, "does not start"),
    ("ops/README.md", "nightshift lanes list --trouble", "nightshift lanes list --troubled", check_runbook, "--troubled"),
    ("ops/README.md", "nightshift dead list", "nightshift died list", check_runbook, "died"),
]


def prove(root, executable):
    """Faults of the checks themselves: breakages that they do not notice."""
    missed = []
    for path, old, new, check, expected in BREAKAGES:
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(folder)
            shutil.copytree(root / "cluster", copy / "cluster")
            (copy / "ops").mkdir()
            shutil.copy(root / "ops/README.md", copy / "ops")
            for name in ("Sources", "Tests", "config", "Package.swift"):
                (copy / name).symlink_to(root / name)
            text = (copy / path).read_text()
            if old not in text:
                missed.append(f"{path}: {old!r} is to be broken and does not stand there")
                continue
            (copy / path).write_text(text.replace(old, new))
            tree = Tree(copy, executable)
            check(tree)
            if not any(expected in fault for fault in tree.faults):
                missed.append(f"{path}: {old!r} -> {new!r} was not noticed by {check.__name__}; it said {tree.faults}")
    return missed
