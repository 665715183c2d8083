(function () {
    "use strict";
    const step = 500, number = new Intl.NumberFormat("en");
    const data = JSON.parse(document.getElementById("problem-rows").textContent);
    const table = document.getElementById("problem-table");
    const body = table.tBodies[0], heads = Array.from(table.tHead.rows[0].cells);
    let shown = step, rows = data.rows, column = -1, direction = 1, words = null;

    function make(parent, tag, properties) {
        return parent.appendChild(Object.assign(document.createElement(tag), properties));
    }
    function bytes(count) {
        const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        let unit = 0;
        while (Math.abs(count) >= 1024 && unit < units.length - 1) { count /= 1024; unit += 1; }
        return unit ? count.toFixed(1) + " " + units[unit] : count + " B";
    }
    function draw() {
        const all = document.createDocumentFragment();
        for (const row of rows.slice(0, shown)) {
            const line = make(all, "tr", {});
            data.columns.forEach(function (kind, index) {
                const value = row[index];
                const cell = make(line, index ? "td" : "th", { className: kind });
                if (!index) { cell.scope = "row"; }
                const text = value === null ? "" : kind === "bytes" ? bytes(value) : String(value);
                const link = index ? 0 : row[data.columns.length];
                if (link) { make(cell, "a", { href: "#image-" + link, textContent: text }); }
                else { cell.textContent = text; }
            });
        }
        body.replaceChildren(all);
        const count = Math.min(shown, rows.length);
        status.textContent = number.format(count) + " of " + number.format(rows.length) + " rows"
            + (rows.length < data.rows.length ? " that match, of " + number.format(data.rows.length) : "");
        more.hidden = rows.length <= shown;
    }
    function apply() {
        const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
        words = words || new Map(data.rows.map(function (row) { return [row, row.join(" ").toLowerCase()]; }));
        rows = data.rows.filter(function (row) {
            return (!choice.value || row[data.state] === choice.value)
                && wanted.every(function (word) { return words.get(row).includes(word); });
        });
        if (column >= 0) {
            rows.sort(function (a, b) {
                const x = a[column], y = b[column];
                if (x === y) { return 0; }
                if (x === null || y === null) { return x === null ? 1 : -1; }
                return (x > y ? 1 : -1) * direction;
            });
        }
        shown = step;
        draw();
    }
    heads.forEach(function (head, index) {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = head.textContent;
        head.replaceChildren(button);
        button.addEventListener("click", function () {
            const first = ["number", "bytes"].includes(data.columns[index]) ? -1 : 1;
            direction = column === index ? -direction : first;
            column = index;
            heads.forEach(function (other) { other.removeAttribute("aria-sort"); });
            head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
            apply();
        });
    });
    const controls = document.getElementById("problem-controls");
    const search = make(controls, "label", { textContent: "Filter: " });
    const input = make(search, "input", { type: "search", autocomplete: "off" });
    const states = make(controls, "label", { textContent: "State: " });
    const choice = make(states, "select", {});
    make(choice, "option", { value: "", textContent: "all" });
    Array.from(new Set(data.rows.map(function (row) { return row[data.state]; }))).sort()
        .forEach(function (state) { make(choice, "option", { value: state, textContent: state }); });
    const status = make(controls, "span", {});
    status.setAttribute("role", "status");
    const more = make(document.getElementById("problem-more"), "button",
        { type: "button", className: "more", textContent: "Show " + step + " more" });
    more.addEventListener("click", function () { shown += step; draw(); });
    let timer = 0;
    input.addEventListener("input", function () { clearTimeout(timer); timer = setTimeout(apply, 120); });
    choice.addEventListener("change", apply);
    draw();
}());
