"use strict";

// Older rows leave the page, not the store.
const MOST_ROWS = 400;
const PRESETS = [
    ["Slow, 3 s", {latency: 3}],
    ["500", {status: 500}],
    ["503, Retry-After 5", {status: 503, retry_after: "5"}],
    ["503, until a date", {status: 503, retry_after_date: 30}],
    ["429", {status: 429}],
    ["401", {status: 401}],
    ["404", {status: 404}],
    ["504, yet processed", {status: 504, processed: true}],
    ["413 over 1 kB", {answer: "too_large", larger_than: 1024}],
    ["Close unread", {close: "unread"}],
    ["Close before", {close: "before"}],
    ["Close after", {close: "after"}],
    ["Close in mid-answer", {broken: "length"}],
    ["Silence", {silence: 60}],
    ["Redirect", {redirect: "http://127.0.0.1:9/"}],
    ["5 MB answer", {huge: 5_000_000}],
    ["Half an answer", {broken: true}],
    ["Header in drops", {drip_headers: 0.2}],
    ["Body in drops", {drip: 0.2}],
    ["2 a second", {rate_limit: 2, retry_after: "1"}],
];
const LOOKUPS = new Set(["connection_test", "customers_list", "customer_find"]);
const COUNTERS = ["arrivals", "distinct", "doubled", "refused", "without_event_id"];

const $ = (id) => document.getElementById(id);
const rows = $("rows");
let waiting = [];
let loaded = 0;
let loading = false;

function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined && text !== null) made.textContent = text;
    return made;
}

function matches(row) {
    const wanted = $("search").value.trim().toLowerCase();
    const hidden = $("hide").checked && LOOKUPS.has(row.dataset.operation);
    return !hidden && row.dataset.text.includes(wanted);
}

function answerBadge(arrival) {
    const cell = element("td", "answer");
    const {status, processed, fault} = arrival;
    const told = processed && status !== null && status < 300;
    const badge = element(
        "span",
        `badge ${told ? "good" : "warn"}`,
        status ?? "no answer"
    );
    const words = (fault || "")
        .split(", ")
        .filter((word) => word !== `status ${status}`);
    if (processed && !told) words.push("processed");
    if (!processed && !fault) words.push("not accepted");
    cell.append(badge, " ", element("span", "quiet", words.filter(Boolean).join(", ")));
    return cell;
}

function makeRow(arrival, fresh) {
    const row = element("tr", "arrival");
    row.classList.toggle("refused", !arrival.processed);
    row.classList.toggle("fresh", fresh);
    row.tabIndex = 0;
    row.dataset.id = arrival.id;
    row.dataset.operation = arrival.operation || "";
    row.dataset.text = [
        arrival.phone,
        arrival.order,
        arrival.event_id,
        arrival.operation,
    ]
        .join(" ")
        .toLowerCase();
    const time = element("td", "time", new Date(arrival.at).toTimeString().slice(0, 8));
    time.append(element("span", "quiet", arrival.at.slice(19, 23)));
    time.title = arrival.at;
    const operation = element("td", "operation");
    operation.append(arrival.operation || `${arrival.method} ${arrival.path}`);
    const id = element("td", "id", arrival.event_id && arrival.event_id.slice(0, 8));
    id.title = arrival.event_id || "";
    if (arrival.repeat) {
        id.append(" ", element("span", "badge repeat", `repeat, no. ${arrival.nth}`));
    }
    const amount = arrival.amount === null ? "" : arrival.amount.toFixed(2);
    row.append(
        time,
        operation,
        element("td", "phone", arrival.phone),
        element("td", "order", arrival.order),
        element("td", "number", amount),
        id,
        answerBadge(arrival)
    );
    row.hidden = !matches(row);
    return row;
}

function add(arrivals, fresh) {
    const part = document.createDocumentFragment();
    for (const arrival of arrivals.slice(-MOST_ROWS)) {
        if (arrival.id <= loaded) continue;
        loaded = arrival.id;
        part.prepend(makeRow(arrival, fresh));
    }
    rows.prepend(part);
    while (rows.rows.length > MOST_ROWS) rows.lastChild.remove();
    $("empty").hidden = rows.rows.length > 0;
}

function release() {
    const held = $("hold").getAttribute("aria-pressed") === "true";
    if (!held && !loading) {
        add(waiting, true);
        waiting = [];
    }
    $("waiting").textContent = waiting.length ? `${waiting.length} more` : "";
}

async function reload() {
    // What comes in meanwhile waits, or the older list would replace it.
    loading = true;
    waiting = [];
    const latest = await (await fetch(`/_sim/events?limit=${MOST_ROWS}`)).json();
    rows.replaceChildren();
    loaded = 0;
    $("empty").hidden = false;
    add(latest, false);
    loading = false;
    release();
}

async function toggle(row) {
    if (row.classList.toggle("open")) {
        const event = await (await fetch(`/_sim/events/${row.dataset.id}`)).json();
        const detail = element("tr");
        const cell = element("td", "detail");
        cell.colSpan = 7;
        cell.append(element("p", "", `${event.method} ${event.path}`));
        if (event.event_id) cell.append(element("p", "", `event id ${event.event_id}`));
        const sent = Object.entries(event.headers).map(
            ([name, value]) => `${name}: ${value}`
        );
        cell.append(element("p", "", sent.join(" · ")));
        if (event.body !== null) {
            const text =
                typeof event.body === "string"
                    ? event.body
                    : JSON.stringify(event.body, null, 2);
            cell.append(element("pre", "", text));
        }
        detail.append(cell);
        // Closed again while the body was on its way.
        if (row.classList.contains("open")) row.after(detail);
    } else if (row.nextSibling && !row.nextSibling.dataset.id) {
        row.nextSibling.remove();
    }
}

function showFaults(faults) {
    const list = $("faults");
    list.replaceChildren();
    for (const [place, set] of Object.entries(faults)) {
        const told = [set]
            .flat()
            .map((fault) => Object.entries(fault))
            .map((one) =>
                one.map(([name, value]) => `${name.replaceAll("_", " ")} ${value}`)
            )
            .map((words) => words.join(", "))
            .join("; ");
        const where = place === "*" ? "everything" : place;
        const item = element("li", "", `${where}: ${told}`);
        const remove = element("button", "", "✕");
        remove.type = "button";
        remove.setAttribute("aria-label", `Remove the fault of ${where}`);
        remove.onclick = () => fetch(`/_sim/faults/${place}`, {method: "DELETE"});
        item.append(remove);
        list.append(item);
    }
    $("clear").disabled = !list.children.length;
}

function listen() {
    const source = new EventSource("/_sim/live");
    const state = (text, on) => {
        $("link").textContent = text;
        $("link").classList.toggle("on", on);
    };
    source.onopen = () => {
        state("live", true);
        reload();
    };
    source.onerror = () => state("connection lost, trying again", false);
    source.onmessage = (message) => {
        const bundle = JSON.parse(message.data);
        for (const name of COUNTERS) $(name).textContent = bundle.totals[name];
        $("doubled-box").classList.toggle("alarm", bundle.totals.doubled > 0);
        showFaults(bundle.faults);
        $("listing").value = bundle.listing;
        if (bundle.reload) reload();
        waiting.push(...bundle.arrivals);
        release();
    };
}

function conditions() {
    const set = {};
    if ($("phone").value.trim()) set.phone = $("phone").value.trim();
    if ($("contains").value) set.contains = $("contains").value;
    if ($("every").valueAsNumber > 1) set.share = 1 / $("every").valueAsNumber;
    if ($("times").valueAsNumber) set.times = $("times").valueAsNumber;
    return set;
}

function send(method, path, body) {
    return fetch(`/_sim/${path}`, {
        method,
        headers: {"Content-Type": "application/json"},
        body: JSON.stringify(body),
    });
}

function addPreset(box, title, fault) {
    const button = element("button", "", title);
    button.type = "button";
    button.title = JSON.stringify(fault);
    button.onclick = () =>
        send("PUT", `faults/${$("place").value}`, {...fault, ...conditions()});
    box.append(button);
}

function option(select, value, title) {
    const made = element("option", "", title);
    made.value = value;
    select.append(made);
}

async function describeStyle() {
    const about = await (await fetch("/_sim/about")).json();
    $("style").textContent = about.title;
    for (const [operation, address] of Object.entries(about.addresses)) {
        option($("place"), operation, `${operation} (${address})`);
    }
    for (const event of about.events) option($("place"), event, event);
    for (const answer of about.answers) {
        addPreset($("answers"), answer.replaceAll("_", " "), {answer});
    }
    for (const [name, text] of Object.entries(about.listings)) {
        option($("listing"), name, text);
    }
}

for (const [title, fault] of PRESETS) addPreset($("presets"), title, fault);
$("listing").onchange = () => send("PUT", "settings", {listing: $("listing").value});
$("fill").onclick = async () => {
    const wanted = {count: $("people").valueAsNumber || 0, odd: $("odd").checked};
    const made = await (await send("POST", "customers", wanted)).json();
    $("filled").textContent = `${made.clients} customers`;
};
$("clear").onclick = () => fetch("/_sim/faults", {method: "DELETE"});
$("hold").onclick = () => {
    const held = $("hold").getAttribute("aria-pressed") === "true";
    $("hold").setAttribute("aria-pressed", String(!held));
    $("hold").textContent = held ? "Pause" : "Go on";
    release();
};
$("search").oninput = $("hide").onchange = () => {
    for (const row of rows.rows) if (row.dataset.id) row.hidden = !matches(row);
};
rows.onclick = (event) => {
    const row = event.target.closest("tr.arrival");
    if (row) toggle(row);
};
rows.onkeydown = (event) => {
    if (event.key === "Enter" && event.target.matches("tr.arrival"))
        toggle(event.target);
};
describeStyle().then(listen);
