"""The status page's style: from 390 px up, light and dark. In the page itself, for there is nothing to load."""

STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--paper:#f5f6f8;--card:#fff;--line:#d9dde3;--quiet:#59636e;--link:#0b57b0;
--ok:#116329;--okb:#dcf5e3;--warn:#7a4b00;--warnb:#fff1d1;--bad:#a40e26;--badb:#ffe3e3}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--paper:#14171b;--card:#1e2227;--line:#353b44;--quiet:#a3adb8;
--link:#84b9ff;--ok:#7ee2a0;--okb:#12351f;--warn:#f5c566;--warnb:#3b2c0a;--bad:#ffa3a3;--badb:#47171b}}
*{box-sizing:border-box}
body{margin:0 auto;padding:12px;max-width:1080px;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,"Noto Sans SC","Microsoft YaHei","PingFang SC",sans-serif}
header{display:flex;flex-wrap:wrap;align-items:baseline;gap:4px 16px;margin-bottom:12px}
h1{font-size:1.4rem;margin:0}
h2{font-size:1.05rem;margin:0 0 8px}
header p{margin:0;color:var(--quiet)}
header a{margin-left:auto}
a{color:var(--link);padding:4px 0}
main{display:grid;gap:12px;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr))}
section{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px;min-width:0}
.devices,.finding{grid-column:1/-1}
.finding{margin:0;padding:10px 12px;border-radius:8px;border-left:4px solid}
.ok{color:var(--ok);background:var(--okb)}
.warn{color:var(--warn);background:var(--warnb)}
.bad{color:var(--bad);background:var(--badb)}
.quiet{color:var(--quiet);background:var(--paper)}
.chip{display:inline-block;padding:0 8px;border-radius:10px;font-size:.9rem;font-weight:600;white-space:nowrap}
table{width:100%;border-collapse:collapse}
th,td{text-align:left;vertical-align:top;padding:6px 8px 6px 0;border-top:1px solid var(--line);overflow-wrap:anywhere}
th{border:0;font-size:.85rem;font-weight:600;color:var(--quiet)}
.numbers td,.numbers th{overflow-wrap:normal}
.numbers td+td,.numbers th+th{text-align:right;font-variant-numeric:tabular-nums}
small{color:var(--quiet);font-size:.85rem}
code{font-size:.9em;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:minmax(6.5rem,auto) 1fr;gap:4px 12px;margin:0}
dt{color:var(--quiet)}
dd{margin:0;overflow-wrap:anywhere;min-width:0}
section>p{margin:8px 0 0}
meter{width:100%;height:12px}
footer{margin:12px 0;color:var(--quiet);font-size:.9rem}
@media(max-width:640px){
.devices thead{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
.devices tr{display:block;border-top:1px solid var(--line);padding:8px 0}
.devices td{display:block;border:0;padding:2px 0}
.devices td:empty{display:none}
}
"""
