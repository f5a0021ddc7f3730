"""The roll-out of ops/drills/upgrade.short, forward and back under traffic, and what is counted of it.

Arguments: the executable, an older release's or nothing, Redis' socket, a folder, a seed. Ends with 1 if anything is not as it must be.
"""
import os, random, signal, socket, subprocess, sys, time, urllib.request

from traffic import ACCOUNTS, Traffic, count

nightshift, older, redis, folder, seed = sys.argv[1:6]
fate = random.Random(int(seed) + 1)
secrets, ledger = f"{folder}/secrets", f"{folder}/ledger"
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(9)]
ports = [one.getsockname()[1] for one in held]
for one in held:
    one.close()
ingress_port, sandbox_port, ports = ports[0], ports[1], ports[2:]
running = {}


def fail(words):
    for process in running.values():
        process.kill()
    sys.exit(words)


def start(name, role, is_old, *words, port=None):
    """Starts a role of one of the releases, and gives its address."""
    environment = dict(os.environ, **({"NIGHTSHIFT_PLAYS_RELEASE": "before"} if is_old and not older else {}))
    port = port or ports[len(running) % len(ports)]
    running[name] = subprocess.Popen(
        [older or nightshift if is_old else nightshift, role, *words, "--port", str(port)], env=environment,
        stdout=open(f"{folder}/{name}.log", "w"), stderr=subprocess.STDOUT)
    return port


def ready(name, port):
    deadline = time.time() + 90
    while time.time() < deadline:
        if running[name].poll() is not None:
            fail(f"{name}: expected it to run, it ended with {running[name].returncode}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            pass
        time.sleep(0.1)
    fail(f"{name}: expected it to become ready within 90 s")


def worker(name, is_old, port):
    # An older release knows no host of Instagram's own.
    instagram = [] if is_old and older else ["--graph-instagram", f"http://127.0.0.1:{sandbox_port}/instagram-v26.0"]
    start(name, "worker", is_old, "--redis", redis, "--name", name, "--secrets", secrets, "--graph",
          f"http://127.0.0.1:{sandbox_port}/v26.0", *instagram, port=port)
    ready(name, port)


def coordinator(name, is_old, port):
    start(name, "coordinator", is_old, "--redis", redis, "--name", name, port=port)


def ingress(name, is_old):
    start(name, "ingress", is_old, "--redis", redis, "--name", name, "--secrets", secrets, "--spool", f"{folder}/spool",
          port=ingress_port)
    ready(name, ingress_port)


def stop(name, how=signal.SIGTERM):
    process = running.pop(name)
    process.send_signal(how)
    try:
        code = process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        fail(f"{name}: expected its end within 60 s")
    if how == signal.SIGTERM and code != 0:
        fail(f"{name}: expected it to end with 0, it ended with {code}")


def say(*words):
    done = subprocess.run([nightshift, *words, "--redis", redis], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def until(what, condition):
    deadline = time.time() + 60
    while not condition():
        if time.time() > deadline:
            fail(f"expected {what} within 60 s")
        time.sleep(0.2)


def libraries():
    names = subprocess.run(["redis-cli", "-s", redis, "FUNCTION", "LIST"], capture_output=True, text=True).stdout
    return sum(1 for line in names.splitlines() if line.startswith("ns1_lanes_"))


def breathe():
    time.sleep(fate.uniform(0.5, 1.5))


start("sandbox", "sandbox", False, "--secrets", secrets, "--ledger", ledger, "--webhook",
      f"http://127.0.0.1:{ingress_port}/webhooks/meta", port=sandbox_port)
coordinator("c1", True, ports[0])
worker("w1", True, ports[1])
worker("w2", True, ports[2])
ingress("i1", True)
traffic = Traffic(ingress_port, f"{secrets}/meta_app", int(seed), patient=True)
breathe()

# Forward.
coordinator("c2", False, ports[3])
worker("w3", False, ports[4])
until("functions of both releases in Redis", lambda: libraries() == 2)
stop("c1")
code, text = say("accounts", "pause", ACCOUNTS[0])
# An ingress says what it knows only since the release that this executable is.
named = ["worker w1", "worker w2"] + ([] if older else ["ingress i1"])
if code == 0 or not all(name in text for name in named):
    fail(f"expected a pause to be refused while {', '.join(named)} live, got {code}: {text}")
stop("w1")
breathe()
worker("w4", False, ports[1])
stop("w2", signal.SIGKILL)
stop("i1")
ingress("i2", False)
breathe()
until("a pause, once no older worker lives", lambda: say("accounts", "pause", ACCOUNTS[0])[0] == 0)
breathe()
code, text = say("accounts", "list")
if "paused since" not in text:
    fail(f"expected accounts list to name the pause, got {text}")
if say("accounts", "resume", ACCOUNTS[0])[0] != 0:
    fail("expected the account to go on")
breathe()

# And back.
worker("w5", True, ports[2])
until("the older worker to be named", lambda: "worker w5" in say("lanes")[1])
stop("w3")
coordinator("c3", True, ports[0])
stop("c2")
breathe()
worker("w6", True, ports[4])
stop("w4")
stop("i2")
ingress("i3", True)
breathe()
time.sleep(1)

total = traffic.stop()
line, is_right = count(nightshift, redis, ledger, traffic.sent)
print(f"{total} messages in {time.time() - traffic.began:.0f} s, {len(traffic.refused)} bodies sent again; {line}")
for name in [name for name in running if name != "sandbox"] + ["sandbox"]:
    stop(name)
sys.exit(0 if is_right and libraries() == 2 else 1)
