/// The style of the page: light or dark as the reader's system is, on paper always light.
enum PageStyle {
    static let text = """

        :root{color-scheme:light dark;--ink:#1f2328;--soft:#57606a;--paper:#fff;--panel:#f6f8fa;--line:#d0d7de;
        --link:#0550ae;--bad:#a40e26;--warn:#8a4600;--good:#116329;--other:#5e3ea8;--focus:#0969da}
        @media screen and (prefers-color-scheme:dark){
        :root{--ink:#e6edf3;--soft:#9da7b3;--paper:#0d1117;--panel:#161b22;--line:#3d444d;
        --link:#79b8ff;--bad:#ff7b72;--warn:#ffa657;--good:#56d364;--other:#c5a5ff;--focus:#79b8ff}
        }
        body{margin:0 auto;padding:1rem;max-width:76rem;background:var(--paper);color:var(--ink);
        font:15px/1.5 system-ui,sans-serif}
        h1{font-size:1.7rem;margin:.2rem 0}
        h2{font-size:1.25rem;margin:2rem 0 .5rem;padding-bottom:.2rem;border-bottom:1px solid var(--line)}
        h3{font-size:1rem;margin:0 0 .4rem;overflow-wrap:anywhere}
        h4{font-size:.9rem;margin:.9rem 0 .2rem}
        a{color:var(--link)}
        :focus-visible{outline:2px solid var(--focus);outline-offset:1px}
        .soft,caption,dt{color:var(--soft)}
        nav ul,.figures{display:flex;flex-wrap:wrap;gap:.3rem 1rem;list-style:none;padding:0;margin:.6rem 0}
        .figures{gap:.6rem}
        .figures div{background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:.4rem .8rem}
        .figures dt{font-size:.8rem}
        .figures dd{margin:0;font-size:1.35rem;font-weight:600;font-variant-numeric:tabular-nums}
        .scroll{overflow-x:auto;margin:.3rem 0}
        table{border-collapse:collapse;width:100%;font-size:.85rem}
        caption{text-align:left;font-size:.8rem;padding:.2rem 0}
        th,td{text-align:left;vertical-align:top;padding:.25rem .5rem;border-bottom:1px solid var(--line)}
        thead th{background:var(--panel);white-space:nowrap}
        .number,.bytes{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
        td.text{min-width:5rem}
        td.prose{min-width:14rem}
        tbody th.name{font-weight:400;min-width:14rem;overflow-wrap:anywhere}
        th button{font:inherit;font-weight:600;color:inherit;background:none;border:0;padding:0;cursor:pointer}
        th[aria-sort=ascending] button::after{content:" \\25B2"}
        th[aria-sort=descending] button::after{content:" \\25BC"}
        .controls{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;margin:.5rem 0}
        .controls input,.controls select,.more{font:inherit;color:inherit;background:var(--paper);
        border:1px solid var(--soft);border-radius:4px;padding:.2rem .5rem}
        .image{border:1px solid var(--line);border-left:4px solid var(--warn);border-radius:6px;padding:.6rem .9rem;
        margin:.8rem 0}
        .image.worst{border-left-color:var(--bad)}
        .image.least{border-left-color:var(--soft)}
        .badge{font-weight:600}
        .worst .badge{color:var(--bad)}
        pre{background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:.4rem .6rem;margin:.3rem 0;
        white-space:pre-wrap;overflow-wrap:anywhere}
        code,pre{font-family:ui-monospace,monospace;font-size:.82rem}
        td code{white-space:nowrap}
        .tree,.tree ul{padding-left:1.2rem;margin:.2rem 0;overflow-wrap:anywhere}
        svg{display:block;width:100%;min-width:36rem;height:auto}
        .chart text{fill:var(--soft);font:12px system-ui,sans-serif}
        .chart .head{fill:var(--ink);font-weight:600}
        .chart .grid{stroke:var(--line)}
        .chart .bad{fill:var(--bad)}
        .chart .warn{fill:var(--warn)}
        .chart .other{fill:var(--other)}
        .chart .curve{fill:none;stroke:var(--warn);stroke-width:2}
        @media print{
        body{max-width:none;padding:0;font-size:10pt}
        nav,.controls,.more{display:none}
        .scroll{overflow:visible}
        td.prose{min-width:0}
        th button{display:contents}
        thead{display:table-header-group}
        tr,.figures div,h2,h3,h4,svg{break-inside:avoid}
        h2,h3,h4{break-after:avoid}
        a{color:inherit;text-decoration:none}
        }

        """
}
