"""Customers' messages for drills on real processes, and what became of them.

Signed webhooks go in as a platform sends them: a body that is not answered 200 is sent again. Afterwards results and the platform's
ledger are read and counted by this code alone, which shares nothing with what it counts.
"""
import collections, hashlib, hmac, http.client, json, random, subprocess, threading, time

ACCOUNTS = ["104857600000001", "104857600000002"]


class Traffic:
    """Posts bodies of ten updates until it is told to stop."""

    def __init__(self, port, secret, seed, patient=False):
        self.port, self.secret, self.chance = port, open(secret, "rb").read(), random.Random(seed)
        self.patient, self.sent, self.refused = patient, collections.Counter(), []
        self.done, self.began = threading.Event(), time.time()
        self.fault = None
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def stop(self):
        self.done.set()
        self.thread.join(60)
        if self.fault:
            raise self.fault
        return sum(self.sent.values())

    def run(self):
        try:
            self.write()
        except Exception as fault:  # said by whoever stops it: without traffic a drill proves nothing
            self.fault = fault

    def write(self):
        connection = None
        while not self.done.is_set():
            account = self.chance.choice(ACCOUNTS)
            updates, now = [], int(time.time() * 1000)
            for _ in range(10):
                contact = f"72{account[-1]}{self.chance.randrange(150):04}"
                number = self.sent[(account, contact)]
                self.sent[(account, contact)] += 1
                updates.append({"sender": {"id": contact}, "recipient": {"id": account}, "timestamp": now,
                                "message": {"mid": f"{contact}-{number}", "text": f"Hallo {number}"}})
            body = json.dumps(
                {"object": "page", "entry": [{"id": account, "time": now, "messaging": updates}]}).encode()
            while True:
                try:
                    connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
                    mark = "sha256=" + hmac.new(self.secret, body, hashlib.sha256).hexdigest()
                    connection.request("POST", "/webhooks/meta", body, {"X-Hub-Signature-256": mark})
                    answer = connection.getresponse()
                    answer.read()
                    status = answer.status
                except (OSError, http.client.HTTPException):
                    if not self.patient:
                        raise
                    connection, status = None, 0
                if status != 200:
                    self.refused.append(status)
                if status == 200 or not self.patient:
                    break
                time.sleep(0.1)
            time.sleep(0.02)


def results(nightshift, redis):
    """Results of customers' messages by conversation, in the order of their instants."""
    found = collections.defaultdict(list)
    words = [nightshift, "results", "--json", "--redis", redis]
    lines = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    for place, line in enumerate(lines.splitlines()):
        result = json.loads(line)
        if "-" in result.get("event", "") and result["event"].startswith("dm:72"):
            found[result["conversation"]].append((result["now"], place, result))
    return {name: [one for _, _, one in sorted(all, key=lambda one: one[:2])] for name, all in found.items()}


def count(nightshift, redis, ledger, sent):
    """Waits until all is decided; a line of what was counted, and whether it is as it must be."""
    total, deadline = sum(sent.values()), time.time() + 180
    while True:
        found = results(nightshift, redis)
        decided = sum(len([one for one in all if one["outcome"] != "duplicate"]) for all in found.values())
        if decided >= total or time.time() > deadline:
            break
        time.sleep(1)
    lost = twice = disordered = duplicates = 0
    for (account, contact), number in sent.items():
        all = found.get(f"m/{account}/{contact}", [])
        numbers = [int(one["event"].split("-")[1]) for one in all if one["outcome"] != "duplicate"]
        duplicates += len(all) - len(numbers)
        lost += number - len(set(numbers))
        twice += len(numbers) - len(set(numbers))
        disordered += sum(1 for left, right in zip(numbers, numbers[1:]) if right < left)
    marks = (json.loads(line).get("metadata", "") for line in open(ledger))
    actions = collections.Counter(mark.split(":")[2] for mark in marks if mark.startswith("ns1:"))
    again = sum(1 for times in actions.values() if times > 1)
    return (f"lost {lost}, decided twice {twice}, out of order {disordered}, sent twice {again} of {len(actions)}; "
            f"duplicates {duplicates}"), not (lost or twice or disordered or again or not actions)
