"""Units, scrape configurations and alerts, container file, Redis configurations, and the commands in the runbooks."""
import functools
import json
import pathlib
import re
import shlex
import socket
import subprocess
import tempfile
import time

import yaml

from .tree import TOOLS, run

# Of 100: systemd-analyze reports a tenth of it, and calls under 2 well confined.
MOST_EXPOSURE = "15"


def units(tree):
    """Each unit with its text, its program and the program's arguments."""
    for file in sorted((tree.root / "cluster/systemd").glob("*.service")):
        text = file.read_text()
        program, *arguments = shlex.split(re.search(r"^ExecStart=(.+)$", text, re.M)[1])
        yield file, text, program, arguments


def check_units(tree):
    for file, text, program, arguments in units(tree):
        if not program.endswith("/nightshift"):
            continue
        for fault in tree.executable.faults(arguments):
            tree.fault(file, fault)
        stop = re.search(r"^TimeoutStopSec=(\d+)$", text, re.M)
        if not stop or int(stop[1]) < tree.grace + 5:
            tree.fault(file, f"expected TimeoutStopSec over {tree.grace} s, got {stop and stop[1]}")
        credentials = set(re.findall(r"^LoadCredential=([^:]+):", text, re.M))
        if arguments[0] == "worker":
            notices = dict(zip(arguments, arguments[1:])).get("--notices", "")
            if notices.removeprefix("%d/") not in credentials:
                tree.fault(file, f"expected --notices with a credential of the unit, got {notices or 'none'}")
        if arguments[0] in ("worker", "ingress") and "notice_link" not in credentials:
            tree.fault(file, "expected the credential notice_link, got none: links of notices would not work")
        for name in re.findall(r"\$\{([A-Z_]+)\}", " ".join(arguments)):
            if not re.search(rf"^{name}=", tree.read("cluster/systemd/nightshift.env"), re.M):
                tree.fault(file, f"${{{name}}} is not in nightshift.env")


def check_confinement(tree):
    with tempfile.TemporaryDirectory() as folder:
        names = []
        for file, text, program, _ in units(tree):
            # The program is where it will be installed, not here.
            names.append(file.name.replace("@.", "@1."))
            pathlib.Path(folder, names[-1]).write_text(text.replace(f"ExecStart={program}", "ExecStart=/bin/true"))
        # It also exits 0 over a key that it does not know.
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", *(f"./{name}" for name in names)], cwd=folder,
                              capture_output=True, text=True)
        for line in done.stderr.splitlines():
            if "nightshift" in line:
                tree.fault("cluster/systemd", line.replace(folder + "/", ""))
        if said := run("systemd-analyze", "security", "--offline=yes", f"--threshold={MOST_EXPOSURE}", *names, cwd=folder):
            tree.fault("cluster/systemd", " ".join(line for line in said.splitlines() if "Overall exposure" in line))


def check_promtool(tree):
    folder = tree.root / "cluster/prometheus"
    for command in (["check", "config", "machine.yaml"], ["check", "config", "kubernetes.yaml"],
                    ["check", "rules", "alerts.yaml"], ["test", "rules", "alerts.test.yaml"]):
        if said := run(TOOLS / "bin/promtool", *command, cwd=folder):
            tree.fault(folder / command[-1], said)
            return


def check_alerts(tree):
    folder = tree.root / "cluster/prometheus"
    rules = [rule for group in yaml.safe_load((folder / "alerts.yaml").read_text())["groups"] for rule in group["rules"]]
    catalogue = dict(re.findall(r"static let (\w+) = MetricName\(\s*\"(\w+)\"",
                                tree.read("Sources/Telemetry/MetricName.swift")))
    shells = "".join(file.read_text() for part in ("nightshift", "Ingress")
                     for file in (tree.root / "Sources" / part).rglob("*.swift"))
    written = {name for case, name in catalogue.items() if re.search(rf"\.(add|set|observe|replace)\(\s*\.{case}\b", shells)}
    for rule in rules:
        for name in re.findall(r"\bnightshift_\w+", rule["expr"]):
            if name not in written:
                tree.fault(folder / "alerts.yaml", f"{rule['alert']}: expected a metric that a process writes, got {name}")
    tested = tree.read("cluster/prometheus/alerts.test.yaml")
    sections = set(re.findall(r"^### (Nightshift\w+)$", tree.read("ops/README.md"), re.M))
    names = {rule["alert"] for rule in rules}
    for name in sorted(names ^ sections):
        tree.fault("ops/README.md", f"{name}: expected an alert and a section of that name, got one of the two")
    for name in sorted(names):
        if not re.search(rf"eval_time: \w+,?\s+alertname: {name}\s+exp_alerts", tested):
            tree.fault(folder / "alerts.test.yaml", f"{name}: expected a test in which it fires, got none")


def check_hadolint(tree):
    file = tree.root / "cluster/Containerfile"
    if said := run(TOOLS / "bin/hadolint", file):
        tree.fault(file, said)


def check_containerfile(tree):
    file = tree.root / "cluster/Containerfile"
    for line in re.findall(r"^COPY (?!--from)(.+)$", file.read_text(), re.M):
        for source in [word for word in line.split() if not word.startswith("--")][:-1]:
            if not (tree.root / source).exists():
                tree.fault(file, f"COPY {source}: expected a file of this repository, got none")
    if not re.search(r"^USER [1-9]\d*", file.read_text(), re.M):
        tree.fault(file, "expected USER with a number that is not root's, got none")


def check_redis(tree):
    for name in ("redis.conf", "redis-cluster.conf"):
        with tempfile.TemporaryDirectory() as folder:
            path, said = f"{folder}/s", pathlib.Path(folder, "log")
            with said.open("w") as log:
                server = subprocess.Popen(
                    ["redis-server", name, "--port", "0", "--unixsocket", path, "--dir", folder, "--save", ""],
                    cwd=tree.root / "cluster", stdout=log, stderr=log)
            try:
                end, got = time.monotonic() + 20, ""
                while time.monotonic() < end and server.poll() is None and "appendfsync" not in got:
                    got = subprocess.run(["redis-cli", "-s", path, "--json", "config", "get", "maxmemory-policy",
                                          "appendonly", "appendfsync"], capture_output=True, text=True).stdout
                    time.sleep(0.02)
                if "appendfsync" not in got:
                    tree.fault(f"cluster/{name}", "redis-server does not start: " + said.read_text()[-400:])
                elif json.loads(got) != {"maxmemory-policy": "noeviction", "appendonly": "yes", "appendfsync": "everysec"}:
                    tree.fault(f"cluster/{name}", f"expected what the roles demand of `everysec`, got {got}")
            finally:
                server.kill()
                server.wait()


def check_runbook(tree):
    for name in ("ops/README.md", "cluster/README.md"):
        for block in re.findall(r"^```sh\n(.*?)^```", tree.read(name), re.M | re.S):
            for line in block.replace("\\\n", " ").splitlines():
                for words in commands(line):
                    # `kubectl exec … -- COMMAND` runs it elsewhere.
                    words = words[words.index("--") + 1:] if "--" in words else words
                    if words and words[0].split("/")[-1] == "nightshift":
                        for text in tree.executable.faults(words[1:]):
                            tree.fault(name, f"`{' '.join(words)}`: {text}")


def commands(line):
    """The commands of a line of shell, each as its words."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    found = [[]]
    for word in lexer:
        if word and set(word) <= set("();<>|&"):
            found.append([])
        else:
            found[-1].append(word)
    return found


def check_users(tree):
    """What the user of the processes may do: all that they need, nothing that ends them all."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/s"
        server = subprocess.Popen(["redis-server", "redis.conf", "--port", "0", "--unixsocket", path, "--dir", folder,
                                   "--include", tree.root / "cluster/redis-auth.conf"], cwd=tree.root / "cluster",
                                  stdout=subprocess.DEVNULL)
        password = re.search(r"^requirepass (\S+)$", tree.read("cluster/redis-auth.conf"), re.M)[1]

        def ask(*command):
            return subprocess.run(["redis-cli", "-s", path, "-a", password, "--no-auth-warning", "acl", "dryrun",
                                   "nightshift", *command], capture_output=True, text=True).stdout.strip()

        try:
            end = time.monotonic() + 20
            while not ask("ping") and time.monotonic() < end and server.poll() is None:
                time.sleep(0.02)
            for command in ("fcall f 1 ns:{a}:in", "hgetall ns:{a}:lane", "function load x", "config get maxmemory", "info",
                            "ssubscribe ns:{a}:wake", "spublish ns:{a}:wake x", "wait 1 100", "time"):
                if (said := ask(*command.split())) != "OK":
                    tree.fault("cluster/redis-auth.conf", f"expected that nightshift may `{command}`, got: {said}")
            for command in ("flushall", "config set maxmemory 1", "function flush", "shutdown", "get other", "acl list"):
                if (said := ask(*command.split())) == "OK" or not said:
                    tree.fault("cluster/redis-auth.conf", f"expected that nightshift may not `{command}`, got: {said}")
        finally:
            server.kill()
            server.wait()


def check_replicas(tree):
    """A primary and its replica of a Redis Cluster as the unit of a node starts them: does the stream flow?"""
    arguments = next(arguments for file, _, _, arguments in units(tree) if "redis-node" in file.name)
    password = re.search(r"^requirepass (\S+)$", tree.read("cluster/redis-auth.conf"), re.M)[1]
    with tempfile.TemporaryDirectory() as folder:
        servers, ports = [], []
        try:
            for _ in ("primary", "replica"):
                ports.append(free_port())
                pathlib.Path(folder, f"nightshift-redis-{ports[-1]}").mkdir()
                places = {"%i": str(ports[-1]), "%S": folder, "${ADDRESS}": "127.0.0.1",
                          "/etc/nightshift": str(tree.root / "cluster")}
                words = [functools.reduce(lambda word, place: word.replace(*place), places.items(), word)
                         for word in arguments]
                servers.append(subprocess.Popen(["redis-server", *words, "--save", ""], cwd=tree.root / "cluster",
                                                stdout=subprocess.DEVNULL))

            def ask(which, *command):
                return subprocess.run(["redis-cli", "-p", str(ports[which]), "-a", password, "--no-auth-warning", *command],
                                      capture_output=True, text=True).stdout.strip()

            def becomes(word, which, *command):
                end = time.monotonic() + 30
                while word not in (said := ask(which, *command)) and time.monotonic() < end:
                    if any(server.poll() is not None for server in servers):
                        return False
                    time.sleep(0.05)
                return word in said

            ready = [becomes("PONG", which, "ping") for which in (0, 1)]
            ask(0, "cluster", "addslotsrange", "0", "16383")
            ask(1, "cluster", "meet", "127.0.0.1", str(ports[0]))
            primary = ask(0, "cluster", "myid")
            ready.append(becomes("OK", 1, "cluster", "replicate", primary))
            if not all(ready):
                tree.fault("cluster/redis-cluster.conf",
                           "expected two nodes, started as the unit says, that find each other; one does not start or meet")
            elif not becomes("master_link_status:up", 1, "info", "replication"):
                tree.fault("cluster/redis-auth.conf", "expected a replica with `master_link_status:up`, its primary turns it away")
        finally:
            for server in servers:
                server.kill()
                server.wait()


def free_port():
    """A port of loopback that is free, and so is the one of a cluster's bus, 10,000 above."""
    while True:
        with socket.socket() as low, socket.socket() as high:
            low.bind(("127.0.0.1", 0))
            port = low.getsockname()[1]
            if port > 55000:
                continue
            try:
                high.bind(("127.0.0.1", port + 10000))
                return port
            except OSError:
                continue
