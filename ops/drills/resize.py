"""The moves of ops/drills/resize.short under traffic, and what is counted of them.

Arguments: the executable, Redis' socket, the port of the ingress, the file of the app's secret, the platform's ledger, a
seed. Prints what it counted; ends with 1 if anything is not as it must be.
"""
import random, subprocess, sys, time

from traffic import ACCOUNTS, Traffic, count

nightshift, redis, port, secret, ledger, seed = sys.argv[1:7]
fate = random.Random(int(seed) + 1)
moves = [("lanes", "resize", "de-berlin", "13"), ("accounts", "move", ACCOUNTS[0], "fi-helsinki"),
         ("lanes", "resize", "fi-helsinki", "3"), ("lanes", "resize", "de-berlin", "2"),
         ("accounts", "move", ACCOUNTS[0], "de-berlin"), ("lanes", "resize", "de-berlin", "8"),
         ("lanes", "resize", "fi-helsinki", "8")]
killed = 0


def move(words):
    """Gives a command again until it is done; until then it may be killed at any instant."""
    global killed
    for attempt in range(40):
        process = subprocess.Popen(
            [nightshift, *words, "--redis", redis], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            text, _ = process.communicate(timeout=fate.uniform(0.02, 0.25) if attempt < 6 else 90)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            killed += 1
            continue
        if process.returncode != 0:
            sys.exit(f"{' '.join(words)}: expected it done, got {text}")
        print(text.strip().split("\n")[-1])
        return
    sys.exit(f"{' '.join(words)}: expected it done after 40 tries")


def until_decided(lanes, longest=60):
    """Waits until one of these has decided something: the ingress hears of a resize within a second, and holds on disk till then."""
    end = time.time() + longest
    while time.time() < end:
        for lane in lanes:
            words = ["redis-cli", "-s", redis, "hget", f"ns:{{{lane}}}:lane", "cursor"]
            if subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip():
                return
        time.sleep(0.1)
    sys.exit(f"expected one of {', '.join(lanes)} to decide something within {longest} s of the resize")


traffic = Traffic(int(port), secret, int(seed))
for words in moves:
    time.sleep(fate.uniform(0.2, 1))
    move(words)
    if words == moves[0]:
        # These go out of use with a later resize, and somebody is to be forgotten there.
        until_decided([f"de-berlin.{number}" for number in range(8, 13)])
time.sleep(1)
total = traffic.stop()
line, is_right = count(nightshift, redis, ledger, traffic.sent)
print(f"{total} messages in {time.time() - traffic.began:.0f} s, {killed} commands killed, "
      f"{len(traffic.refused)} bodies refused; {line}")
sys.exit(0 if is_right and not traffic.refused and killed else 1)
