/// The page on which one writes as a customer. One file without assets: it must work offline and on a phone.
enum SandboxPage {
    static let html = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Nightshift sandbox</title>
        \(style)
        </head>
        <body>
        <header>
          <h1>Write as a customer</h1>
          <p>What you send goes to Nightshift as a signed webhook. Its answers appear below.</p>
        </header>
        <main>
          <form id="form" autocomplete="off">
            <div class="row">
              <label>Shop account<select id="account" required></select></label>
              <label>You are<input id="contact" required maxlength="64" pattern="[A-Za-z0-9._-]+"
                title="letters, digits, point, dash or underscore"></label>
              <label>As<select id="kind"><option value="message">direct message</option>
                <option value="comment">public comment</option></select></label>
            </div>
            <section id="thread" aria-live="polite" aria-label="Conversation"></section>
            <div class="compose">
              <label class="wide">Your text<textarea id="text" rows="2" required maxlength="20000"
                placeholder="Do you ship to Norway?"></textarea></label>
              <button type="submit">Send</button>
            </div>
            <p id="status" role="status"></p>
          </form>
        </main>
        <footer><a href="/ledger">Ledger</a> of everything the sandbox accepted
          <span id="summary"></span></footer>
        \(script)
        </body>
        </html>
        """

    private static let style = """
        <style>
        :root { color-scheme: light dark; --ink: #1d2433; --soft: #5b6475; --ground: #f4f5f8; --card: #ffffff;
          --line: #d9dde5; --mine: #2f5bd0; --theirs: #e9ecf3; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6e9f0; --soft: #9aa3b5; --ground: #12151c;
          --card: #1b2029; --line: #313847; --mine: #3f6ae0; --theirs: #2a303c; } }
        * { box-sizing: border-box; }
        body { margin: 0 auto; max-width: 46rem; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif;
          color: var(--ink); background: var(--ground); }
        h1 { font-size: 1.35rem; margin: .25rem 0; }
        header p, footer, #status { color: var(--soft); font-size: .9rem; margin: .25rem 0 1rem; }
        form { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1rem; }
        .row { display: grid; gap: .75rem; grid-template-columns: 2fr 1fr 1fr; }
        label { display: block; font-size: .85rem; color: var(--soft); }
        select, input, textarea { display: block; width: 100%; margin-top: .25rem; padding: .55rem .6rem;
          font: inherit; color: var(--ink); background: var(--ground); border: 1px solid var(--line);
          border-radius: .5rem; }
        :focus-visible { outline: 2px solid var(--mine); outline-offset: 1px; }
        #thread { min-height: 12rem; max-height: 55vh; overflow-y: auto; margin: 1rem 0; display: flex;
          flex-direction: column; gap: .5rem; }
        #thread:empty::before { content: "Nothing written yet."; color: var(--soft); margin: auto; }
        .text { max-width: 85%; padding: .5rem .75rem; border-radius: .9rem; background: var(--theirs);
          align-self: flex-start; white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: plaintext; }
        .text.customer { background: var(--mine); color: #fff; align-self: flex-end; }
        .text small { display: block; opacity: .75; font-size: .72rem; unicode-bidi: isolate; }
        .compose { display: flex; gap: .75rem; align-items: end; }
        .wide { flex: 1; }
        button { font: inherit; font-weight: 600; padding: .6rem 1.1rem; border: 0; border-radius: .5rem;
          background: var(--mine); color: #fff; cursor: pointer; }
        button:disabled { opacity: .5; }
        #status { margin: .5rem 0 0; min-height: 1.4em; }
        a { color: inherit; }
        @media (max-width: 34rem) { .row { grid-template-columns: 1fr; } }
        </style>
        """

    private static let script = """
        <script>
        const $ = id => document.getElementById(id);
        let shown = "";
        async function accounts() {
          const list = await (await fetch("/accounts")).json();
          for (const one of list) $("account").add(new Option(one.label + " (" + one.channel + ")", one.id));
          $("contact").value = "customer-" + (1000 + Math.floor(Math.random() * 9000));
        }
        async function refresh() {
          const query = new URLSearchParams({ account: $("account").value, contact: $("contact").value });
          try {
            const texts = (await (await fetch("/thread?" + query)).json()).texts;
            const next = JSON.stringify(texts);
            if (next !== shown) { shown = next; draw(texts); }
            const sum = await (await fetch("/summary")).json();
            $("summary").textContent = "· " + sum.accepted + " accepted, " + sum.duplicates.length + " repeated";
          } catch (error) { $("status").textContent = "The sandbox does not answer."; }
        }
        function draw(texts) {
          const thread = $("thread");
          thread.replaceChildren(...texts.map(one => {
            const box = document.createElement("div");
            box.className = "text " + one.from;
            box.textContent = one.text || "(" + one.kind + ")";
            const note = document.createElement("small");
            note.textContent = one.kind.replace("_", " ") + " · " + one.at.replace("T", " ").slice(0, 19) + " UTC";
            box.append(note);
            return box;
          }));
          thread.scrollTop = thread.scrollHeight;
        }
        $("form").addEventListener("submit", async event => {
          event.preventDefault();
          const button = event.submitter || $("form").querySelector("button");
          button.disabled = true;
          try {
            const answer = await fetch("/say", { method: "POST", headers: { "content-type": "application/json" },
              body: JSON.stringify({ account: $("account").value, contact: $("contact").value,
                kind: $("kind").value, text: $("text").value }) });
            const result = await answer.json();
            if (result.status === 200) { $("text").value = ""; $("status").textContent = "Accepted."; }
            else $("status").textContent = result.error || "The ingress answered " + result.status + ".";
          } catch (error) { $("status").textContent = "The sandbox does not answer."; }
          button.disabled = false;
          $("text").focus();
          refresh();
        });
        $("text").addEventListener("keydown", event => {
          if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
            event.preventDefault();
            $("form").requestSubmit();
          }
        });
        for (const id of ["account", "contact"]) $(id).addEventListener("change", refresh);
        accounts().then(refresh);
        setInterval(refresh, 1000);
        </script>
        """
}
