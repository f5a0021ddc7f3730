"""The bad bodies of ops/drills/bad-input.short: each with the status that it must get, and a good text behind it.

Arguments: the port of the ingress, the file of the app's secret, the file of the producer's token. Prints a line a body
and, last, `good texts: N`; ends with 1 if a status was not the expected one.
"""
import hashlib, hmac, http.client, json, sys, time

port, secret, token = int(sys.argv[1]), open(sys.argv[2], "rb").read(), open(sys.argv[3]).read()
page, wrong, good = "104857600000001", 0, 0
now = int(time.time() * 1000)


def post(path, body, headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (BrokenPipeError, ConnectionResetError):
        return 413, b"closed while we sent"  # what is far too large is not read to its end
    finally:
        connection.close()


def signature(body, by=secret):
    return {"X-Hub-Signature-256": "sha256=" + hmac.new(by, body, hashlib.sha256).hexdigest()}


def update(mid, text="Hallo", account=page, sender="7261549900000001", at=None, **more):
    return {"sender": {"id": sender}, "recipient": {"id": account}, "timestamp": now if at is None else at,
            "message": {"mid": mid, "text": text}, **more}


def body(*updates, account=page, **more):
    entry = {"id": account, "time": now, "messaging": list(updates), **more}
    return json.dumps({"object": "page", "entry": [entry]}).encode()


def expect(name, status, path, data, headers):
    global wrong, good
    came, text = post(path, data, headers)
    if came != status:
        wrong += 1
    said = text.decode("utf-8", "replace").strip().split("\n")[0][:90]
    print(f"{'ok ' if came == status else 'NOT'} {came} {name}: {said}")
    good += 1
    mid = f"good-{good}"
    came, _ = post("/webhooks/meta", *(lambda b: (b, signature(b)))(body(update(mid, sender=f"99{good:04}"))))
    if came != 200:
        wrong += 1
        print(f"NOT {came} the good text after it")


def meta(name, status, data, headers=None):
    expect(name, status, "/webhooks/meta", data, signature(data) if headers is None else headers)


def produced(name, status, data, headers=None):
    expect(name, status, "/v1/events", data, {"Authorization": "Bearer " + token} if headers is None else headers)


def event(**fields):
    return json.dumps({"id": "p1", "account": page, "contact": "ana", "happened_at": "2026-12-04T20:00:00Z",
                       "message": {"text": "Hallo?"}, **fields}).encode()


meta("nothing", 200, b"")
meta("not JSON", 200, b"hello")
meta("JSON that breaks off", 200, body(update("a"))[:-3])
meta("nested 100,000 deep", 200, b"[" * 100_000)
meta("an array", 200, b"[]")
meta("not JSON and not signed", 401, b"hello", {})
meta("10 MB and more", 413, b" " * (11 << 20))
meta("1,000 updates", 200, body(*(update(f"many-{n}", sender=f"7{n:015}") for n in range(1_000))))
meta("1,000 updates again", 200, body(*(update(f"many-{n}", sender=f"7{n:015}") for n in range(1_000))))
meta("wrong types", 200, json.dumps({"object": "page", "entry": [
    {"id": page, "time": "soon", "messaging": [{"sender": 7, "recipient": [], "timestamp": {}, "message": "x"}]},
    {"id": page, "messaging": {"a": 1}}, 5, None, "x"]}).encode())
meta("numbers as ids", 200, json.dumps({"object": "page", "entry": [{"id": int(page), "time": now, "messaging": [
    {"sender": {"id": 7261549900000010}, "recipient": {"id": int(page)}, "timestamp": now,
     "message": {"mid": "numeric", "text": "numbers"}}]}]}).encode())
meta("an unknown kind of entry", 200, json.dumps({"object": "page", "entry": [
    {"id": page, "time": now, "hologram": [{"x": 1}]}]}).encode())
meta("an unknown list beside a known one", 200, body(update("beside"), hologram=[{"x": 1}, 5]))
meta("an unknown object", 200, json.dumps({"object": "toaster", "entry": [{"id": page}]}).encode())
meta("an unknown kind of message", 200, body({"sender": {"id": "1"}, "recipient": {"id": page}, "timestamp": now, "smell": {}}))
meta("invalid UTF-8 in one update", 200,
     body(update("invalid-1", "GOOD"), update("invalid-2", "BAD")).replace(b"BAD", b"\xff\xfe\xc3"))
meta("an unpaired surrogate", 200, body(update("surrogate", "x")).replace(b'"x"', b'"\\ud83d"'))
meta("a wrong signature", 401, body(update("a")), {"X-Hub-Signature-256": "sha256=" + "0" * 64})
meta("a signature that is none", 401, body(update("a")), {"X-Hub-Signature-256": "sha256=zz"})
meta("no signature", 401, body(update("a")), {})
meta("signed with an empty secret", 401, body(update("a")), signature(body(update("a")), b""))
meta("an account that nobody configured", 200, body(update("foreign", account="5"), account="5"))
meta("an instant far in the past", 200, body(update("past", at=1)))
meta("an instant far in the future", 200, body(update("future", at=99_999_999_999_999)))
meta("an instant that no number can hold", 200, body(update("beyond")).replace(str(now).encode(), b"1e400"))
meta("a negative instant", 200, body(update("negative", at=-5)))
meta("a text of 100,000 characters", 200, body(update("long", "x" * 100_000)))
meta("only emoji", 200, body(update("emoji", "\U0001F600" * 500)))
meta("a family of 1,000 joined emoji", 200, body(update("joined", "\U0001F468\u200d" * 1_000)))
meta("right to left", 200, body(update("rtl", "\u202e\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627")))
meta("zero width only", 200, body(update("zero", "\u200b\u200c\u200d\ufeff" * 200)))
meta("10,000 combining marks", 200, body(update("marks", "a" + "\u0301" * 10_000)))
meta("a NUL in a text", 200, body(update("nul", "a\u0000b")))
meta("an empty text, an empty id", 200, body(update("", "")))
produced("no token", 401, event(), {})
produced("not JSON, behind a good line", 400, event(id="p2") + b"\nnonsense")
produced("an unknown key", 400, event(colour="red"))
produced("an account that nobody configured", 400, event(account="nobody"))
produced("an instant that is none", 400, event(happened_at="yesterday"))
produced("year 9999", 200, event(id="p3", happened_at="9999-12-31T23:59:59Z"))
produced("invalid UTF-8 in one line", 400, event(id="p4") + b"\n" + event(id="p5").replace(b"Hallo", b"\xff\xff"))
produced("a text of 100,000 characters", 200, event(id="p6", message={"text": "x" * 100_000}))
produced("10,001 lines", 413, b"\n".join([event()] * 10_001))
expect("a path that is not there", 404, "/nowhere", b"{}", {})
print(f"good texts: {good}")
sys.exit(1 if wrong else 0)
