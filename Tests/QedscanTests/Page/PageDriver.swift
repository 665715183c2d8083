/// A page that has the page of `report --html` in frames, as it is, uses it as a reader would, and writes down what it
/// sees. The frame `page` is a narrow one, `plain` one without scripts.
enum PageDriver {
    static let text = #"""
        <!DOCTYPE html>
        <html><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"></head><body>
        <iframe id="page" src="page.html" width="400" height="800"></iframe>
        <iframe id="plain" src="page.html" width="1200" height="800" sandbox="allow-same-origin"></iframe>
        <pre id="result"></pre>
        <script>
        "use strict";
        const result = {};
        function rows(page, column) {
            return Array.from(page.querySelectorAll("#problem-table tbody tr"), line => line.cells[column].textContent);
        }
        function wait(milliseconds) { return new Promise(done => setTimeout(done, milliseconds)); }

        async function sort(page) {
            const heads = Array.from(page.querySelectorAll("#problem-table thead th"));
            for (const title of ["Leaks", "Image", "State"]) {
                const place = heads.findIndex(head => head.textContent === title);
                const seen = [];
                for (let click = 0; click < 2; click += 1) {
                    heads[place].querySelector("button").click();
                    seen.push({ order: heads[place].getAttribute("aria-sort"), cells: rows(page, place) });
                }
                result["sort" + title] = seen;
            }
            result.sortMarks = heads.filter(head => head.hasAttribute("aria-sort")).length;
        }
        async function filter(page) {
            const input = page.querySelector("#problem-controls input"), choice = page.querySelector("select");
            const status = page.querySelector("#problem-controls [role=status]");
            async function type(words) {
                input.value = words;
                input.dispatchEvent(new Event("input"));
                await wait(500);
                return { names: rows(page, 0), status: status.textContent };
            }
            result.filtered = await type("CORRUPT needle");
            result.none = await type("no such name");
            result.all = await type("");
            choice.value = "corrupt";
            choice.dispatchEvent(new Event("change"));
            result.chosen = { states: rows(page, 1), status: status.textContent };
        }
        // By WCAG 2: the least contrast of a text with what is behind it, and whose.
        function contrast(page) {
            function light(color) {
                const [r, g, b] = color.match(/[\d.]+/g).slice(0, 3).map(Number).map(value => value / 255)
                    .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            }
            const view = page.defaultView;
            let least = { ratio: 21, text: "" };
            for (const element of page.body.querySelectorAll("*")) {
                const text = Array.from(element.childNodes).filter(node => node.nodeType === 3)
                    .map(node => node.data.trim()).join("");
                if (!text || ["SCRIPT", "STYLE", "NOSCRIPT", "title"].includes(element.tagName)) { continue; }
                let behind = element;
                while (behind && /, 0\)$|transparent/.test(view.getComputedStyle(behind).backgroundColor)) {
                    behind = behind.parentElement;
                }
                const style = view.getComputedStyle(element);
                const own = light(element.closest("svg") ? style.fill : style.color);
                const paper = light(view.getComputedStyle(behind).backgroundColor);
                const ratio = (Math.max(own, paper) + 0.05) / (Math.min(own, paper) + 0.05);
                if (ratio < least.ratio) { least = { ratio, text: element.tagName + ": " + text }; }
            }
            return least;
        }
        // What a name would do if it got through as markup.
        async function attack(page) {
            for (const [tag, key, value] of [
                ["script", "textContent", "document.title = 'run'"], ["img", "src", "http://127.0.0.1:9/attack"],
                ["style", "textContent", "body { display: none }"],
            ]) { page.body.append(Object.assign(page.createElement(tag), { [key]: value })); }
            await wait(500);
            result.attack = { title: page.title, display: page.defaultView.getComputedStyle(page.body).display };
        }
        addEventListener("load", async function () {
            try {
                const page = document.getElementById("page").contentDocument;
                const plain = document.getElementById("plain").contentDocument;
                const root = page.documentElement;
                result.width = { frame: root.clientWidth, content: Math.max(root.scrollWidth, page.body.scrollWidth) };
                result.paper = page.defaultView.getComputedStyle(page.body).backgroundColor;
                result.elements = { script: page.scripts.length, img: page.images.length };
                result.plain = { names: rows(plain, 0), buttons: plain.querySelectorAll("button").length };
                result.contrast = contrast(page);
                await sort(page);
                await filter(page);
                if (location.search === "?attack") { await attack(page); }
            } catch (error) {
                result.error = String(error.stack);
            }
            document.getElementById("result").textContent = JSON.stringify(result);
        });
        </script></body></html>
        """#
}
