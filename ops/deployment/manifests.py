"""The manifests of Kubernetes: against the API's schemas, and against what Nightshift's processes are."""
import os
import re

import kubernetes_validate

KUBERNETES = "1.31"


def flags(options):
    """`--name=value` and `--name value` as a dictionary."""
    found, last = {}, None
    for word in options:
        if word.startswith("--"):
            last, _, value = word.partition("=")
            found[last] = value
        elif last and not found[last]:
            found[last] = word
    return found


def check_schemas(tree):
    for file, doc in tree.manifests:
        try:
            kubernetes_validate.validate(doc, KUBERNETES, strict=True)
        except Exception as error:
            where = ".".join(str(part) for part in getattr(error, "path", []))
            tree.fault(file, f"{doc.get('kind')}: {where}: {getattr(error, 'message', error)}")


# What people and platforms outside reach. Each of it is signed, or asks for a code that nobody guesses; nothing else may be open.
OUTSIDE = ["/v1/acknowledge", "/webhooks/generic", "/webhooks/meta", "/webhooks/meta/deletion"]


def check_routes(tree):
    for file, doc in tree.manifests:
        if doc["kind"] != "Ingress":
            continue
        routes = [path for rule in doc["spec"]["rules"] for path in rule["http"]["paths"]]
        paths = sorted(route["path"] for route in routes)
        if paths != OUTSIDE or any(route["pathType"] != "Exact" for route in routes):
            tree.fault(file, f"expected exactly {', '.join(OUTSIDE)}, each Exact, got {', '.join(paths)}")


def pods(tree):
    for file, doc in tree.manifests:
        if doc["kind"] in ("StatefulSet", "Deployment", "Job"):
            yield file, doc, doc["spec"]["template"]


def check_pods(tree):
    labels = [template["metadata"]["labels"] for _, _, template in pods(tree)]
    secrets = {doc["metadata"]["name"]: doc.get("data", {}) for _, doc in tree.manifests if doc["kind"] == "ConfigMap"}
    for file, doc, template in pods(tree):
        spec = template["spec"]
        if not spec.get("securityContext", {}).get("runAsNonRoot"):
            tree.fault(file, f"{doc['metadata']['name']}: expected runAsNonRoot, got none")
        for container in spec["containers"]:
            check_container(tree, file, spec, container, secrets)
    for file, doc in tree.manifests:
        spec = doc.get("spec", {})
        for selector in (spec.get("selector"), spec.get("podSelector")):
            wanted = (selector or {}).get("matchLabels", selector if doc["kind"] == "Service" else None)
            if wanted and not any(wanted.items() <= pod.items() for pod in labels):
                tree.fault(file, f"{doc['kind']} {doc['metadata']['name']}: selects no pod by {wanted}")


def check_container(tree, file, spec, container, config):
    name = container["name"]

    def fault(text):
        tree.fault(file, f"{name}: {text}")

    security = container.get("securityContext", {})
    if not security.get("readOnlyRootFilesystem") or security.get("allowPrivilegeEscalation") is not False:
        fault("expected a read-only root file system and no escalation, got another securityContext")
    if "memory" not in container.get("resources", {}).get("limits", {}):
        fault("expected a limit of memory, got none")
    if not container["image"].startswith("nightshift:") or "command" in container:
        return
    arguments = container["args"]
    for text in tree.executable.faults(arguments):
        fault(text)
    known = {entry["name"] for entry in container.get("env", [])}
    for source in container.get("envFrom", []):
        known |= set(config.get(source["configMapRef"]["name"], {}))
    for variable in re.findall(r"\$\(([A-Z_]+)\)", " ".join(arguments)):
        if variable not in known:
            fault(f"$({variable}) is defined nowhere")
    given = flags(arguments)
    mounts = {mount["mountPath"]: mount.get("readOnly", False) for mount in container.get("volumeMounts", [])}
    if "--secrets" in given and given["--secrets"] not in mounts:
        fault(f"--secrets {given['--secrets']} is no mount")
    if "--spool" in given and mounts.get(os.path.dirname(given["--spool"]), True):
        fault(f"--spool {given['--spool']} lies in no mount that can be written to")
    if arguments[0] == "worker" and os.path.dirname(given.get("--notices", "")) not in mounts:
        fault(f"expected --notices with a file in a mount, got {given.get('--notices')}")
    if "--port" not in given:
        return
    ports = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
    for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
        probe = container.get(kind, {})
        if "exec" in probe:
            _, port, path = probe["exec"]["command"]
        else:
            path, port = probe.get("httpGet", {}).get("path"), ports.get(probe.get("httpGet", {}).get("port"))
        if str(port) != given["--port"] or path != ("/readyz" if kind == "readinessProbe" else "/healthz"):
            fault(f"{kind}: expected port {given['--port']} and its path, got {port} and {path}")
    for other in spec["containers"]:
        target = re.search(r"TCP:127\.0\.0\.1:(\d+)", " ".join(other.get("args", [])))
        if target and target[1] != given["--port"]:
            fault(f"{other['name']} goes to port {target[1]}, not to {given['--port']}")
    before = container.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", [0])[-1]
    if spec.get("terminationGracePeriodSeconds", 30) < tree.grace + int(before) + 5:
        fault(f"expected a grace period over {tree.grace} s and preStop, got {spec.get('terminationGracePeriodSeconds')}")
