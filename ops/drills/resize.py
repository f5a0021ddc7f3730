"""The traffic and the moves of ops/drills/resize.short, and what is counted of them.

Arguments: the executable, Redis' socket, the port of the ingress, the file of the app's secret, the platform's ledger, a
seed. Prints what it counted; ends with 1 if anything is not as it must be.
"""
import collections, hashlib, hmac, http.client, json, random, subprocess, sys, threading, time

nightshift, redis, port, secret, ledger, seed = sys.argv[1:7]
secret, port = open(secret, "rb").read(), int(port)
chance, fate = random.Random(int(seed)), random.Random(int(seed) + 1)
accounts = ["104857600000001", "104857600000002"]
moves = [("lanes", "resize", "de-berlin", "13"), ("accounts", "move", accounts[0], "fi-helsinki"),
         ("lanes", "resize", "fi-helsinki", "3"), ("lanes", "resize", "de-berlin", "2"),
         ("accounts", "move", accounts[0], "de-berlin"), ("lanes", "resize", "de-berlin", "8"),
         ("lanes", "resize", "fi-helsinki", "8")]
sent, refused, killed, done = collections.Counter(), [], 0, threading.Event()


def write():
    """Posts bodies of ten updates until the moves are done."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    while not done.is_set():
        account = chance.choice(accounts)
        updates, now = [], int(time.time() * 1000)
        for _ in range(10):
            contact = f"72{account[-1]}{chance.randrange(150):04}"
            number = sent[(account, contact)]
            sent[(account, contact)] += 1
            updates.append({"sender": {"id": contact}, "recipient": {"id": account}, "timestamp": now,
                            "message": {"mid": f"{contact}-{number}", "text": f"Hallo {number}"}})
        body = json.dumps({"object": "page", "entry": [{"id": account, "time": now, "messaging": updates}]}).encode()
        mark = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
        connection.request("POST", "/webhooks/meta", body, {"X-Hub-Signature-256": mark})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            refused.append(answer.status)
        time.sleep(0.02)


def command(*words):
    return [nightshift, *words, "--redis", redis]


def move(words):
    """Gives a command again until it is done; until then it may be killed at any instant."""
    global killed
    for attempt in range(40):
        process = subprocess.Popen(command(*words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
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


def results():
    """Results of customers' messages by conversation, in the order of their instants."""
    found = collections.defaultdict(list)
    lines = subprocess.run(command("results", "--json"), capture_output=True, text=True, check=True).stdout
    for place, line in enumerate(lines.splitlines()):
        result = json.loads(line)
        if "-" in result.get("event", "") and result["event"].startswith("dm:72"):
            found[result["conversation"]].append((result["now"], place, result))
    return {name: [one for _, _, one in sorted(all, key=lambda one: one[:2])] for name, all in found.items()}


writer = threading.Thread(target=write, daemon=True)
writer.start()
began = time.time()
for words in moves:
    time.sleep(fate.uniform(0.2, 1))
    move(words)
time.sleep(1)
done.set()
writer.join(60)
total, deadline = sum(sent.values()), time.time() + 120
while True:
    found = results()
    decided = sum(len([one for one in all if one["outcome"] != "duplicate"]) for all in found.values())
    if decided >= total or time.time() > deadline:
        break
    time.sleep(1)
lost = twice = disordered = duplicates = 0
for (account, contact), count in sent.items():
    all = found.get(f"m/{account}/{contact}", [])
    numbers = [int(one["event"].split("-")[1]) for one in all if one["outcome"] != "duplicate"]
    duplicates += len(all) - len(numbers)
    lost += count - len(set(numbers))
    twice += len(numbers) - len(set(numbers))
    disordered += sum(1 for left, right in zip(numbers, numbers[1:]) if right < left)
marks = (json.loads(line).get("metadata", "") for line in open(ledger))
actions = collections.Counter(mark.split(":")[2] for mark in marks if mark.startswith("ns1:"))
again = sum(1 for times in actions.values() if times > 1)
print(f"{total} messages in {time.time() - began:.0f} s, {killed} commands killed, {len(refused)} bodies refused; "
      f"lost {lost}, decided twice {twice}, out of order {disordered}, sent twice {again} of {len(actions)}; "
      f"duplicates {duplicates}")
sys.exit(1 if lost or twice or disordered or again or refused or killed == 0 or not actions else 0)
