"""How the page looks on a screen, on a phone and on A4."""

from typing import Final

STYLE: Final = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.25rem; max-width: 62rem; color: #26302b;
  background: #fff; font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto,
  "DejaVu Sans", sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; padding-top: .5rem;
  border-top: 2px solid #01665e; }
h3 { font-size: 1.05rem; margin: 1.5rem 0 .25rem; }
h1, h2, h3, p, li, td, th, dd { overflow-wrap: anywhere; }
p { margin: .5rem 0; max-width: 46rem; }
.under, caption, figcaption, small, .note { color: #56605b; }
.note, figcaption { font-size: .875rem; }
.result { font-size: 1.1rem; }
ul.result { padding-left: 1.2rem; }
.tiles { display: flex; flex-wrap: wrap; gap: .5rem; margin: 1rem 0; padding: 0;
  list-style: none; }
.tiles li { flex: 1 1 8.5rem; border: 1px solid #c9d0cb; border-left-width: 6px;
  border-radius: 4px; padding: .4rem .7rem; line-height: 1.25; }
.tiles b { display: block; font-size: 1.5rem; }
.warning { border-left: 6px solid #b35806; background: #fef4e8; padding: .6rem .9rem;
  max-width: none; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr));
  gap: .4rem 1.2rem; margin: 1rem 0; }
dt { font-size: .8rem; color: #56605b; }
dd { margin: 0; }
figure { margin: 1rem 0; overflow-x: auto; }
figure svg { display: block; width: 100%; min-width: 33rem; max-width: 52rem; height: auto; }
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr));
  gap: .25rem 1rem; margin: 1rem 0; }
.few { grid-template-columns: repeat(auto-fill, minmax(min(26rem, 100%), 1fr)); }
.panels figure { margin: 0; }
.panels svg { min-width: 0; max-width: 26rem; }
.panels figcaption { font-weight: 600; color: #26302b; white-space: nowrap;
  overflow: hidden; text-overflow: ellipsis; max-width: 26rem; }
.few svg, .few figcaption { max-width: 28rem; }
.scroll { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .8rem; line-height: 1.35; }
caption { text-align: left; font-weight: 600; padding: .2rem 0; color: #26302b; }
th, td { text-align: left; vertical-align: top; padding: .22rem .45rem;
  border-bottom: 1px solid #dfe4e0; }
th { border-bottom: 2px solid #9aa39d; vertical-align: bottom; }
td, th { overflow-wrap: normal; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
td.number, td.nowrap { white-space: nowrap; }
td.code { overflow-wrap: break-word; max-width: 10rem; }
td.codes { font-size: .72rem; }
td small { display: block; white-space: nowrap; }
small.provisional { color: #8f4504; }
a { color: #01665e; }
pre { background: #f3f6f4; padding: .6rem .8rem; overflow-x: auto; font-size: .82rem; }
code { font-family: ui-monospace, "DejaVu Sans Mono", Consolas, monospace; }
.digest { overflow-wrap: anywhere; }
@media (max-width: 40rem) {
  body { padding: .8rem; }
  h1 { font-size: 1.35rem; }
}
@media print {
  @page { size: A4; margin: 14mm 12mm 16mm; }
  html { font-size: 10pt; }
  body { padding: 0; max-width: none; font-size: 1rem; line-height: 1.4; }
  h1 { font-size: 16pt; }
  h2 { font-size: 13pt; margin-top: 14pt; }
  h2, h3, caption, .lead { break-after: avoid; }
  p, li { orphans: 3; widows: 3; }
  figure, .tiles, .warning, .lead, dl, pre, tr { break-inside: avoid; }
  figure, .scroll { overflow: visible; }
  figure svg { min-width: 0; max-height: 235mm; }
  .map svg { max-height: 118mm; margin: 0 auto; }
  .panels { grid-template-columns: repeat(3, 1fr); gap: 2mm 4mm; }
  .few { grid-template-columns: repeat(2, 1fr); }
  .panels figcaption { font-size: 8pt; }
  .scroll { margin: 8pt 0; }
  table { font-size: 6.6pt; line-height: 1.25; }
  th, td { padding: 1.5pt 2.5pt; }
  td.codes { font-size: 5.6pt; }
  thead { display: table-header-group; break-after: avoid; }
  .tables { break-before: page; }
  a { color: inherit; text-decoration: none; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""
