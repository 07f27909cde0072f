"""The look of the page: light and dark, wide and narrow, and on paper."""

from typing import Final

STYLE: Final = """
:root { color-scheme: light dark; --ink: #1b2733; --dim: #586878; --line: #d8dfe6; --page: #fff; --card: #f5f7f9;
  --bar: #2f7d8c; --left: #d98a5b; --del: #fbdcd5; --ins: #d3f0dc; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e9ee; --dim: #9babba; --line: #303d49; --page: #11171d;
  --card: #19212a; --bar: #56a9b8; --left: #c77a4d; --del: #5c2b25; --ins: #1f4a30; } }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); }
main { max-width: 1060px; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0; } h2 { font-size: 1.2rem; margin: 2.5rem 0 .75rem; }
h3 { font-size: .95rem; margin: 0 0 .4rem; } h4 { font-size: .95rem; margin: 1.25rem 0 .4rem; }
.dim { color: var(--dim); font-weight: normal; } header p { margin: .4rem 0 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); gap: .75rem; margin: 1.5rem 0; }
.cards div { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .7rem .9rem; }
.cards dt { color: var(--dim); font-size: .85rem; } .cards dd { margin: 0; font-size: 1.35rem; font-weight: 600; }
.cards dd.dim { font-size: .85rem; font-weight: normal; min-height: 1.3em; }
.bars { list-style: none; margin: 0; padding: 0; font-size: .9rem; }
.bars li { display: grid; grid-template-columns: 11rem 1fr 9rem; gap: .75rem; align-items: center; padding: .12rem 0; }
.bars span:first-child { text-align: right; } .bars span:last-child { color: var(--dim); white-space: nowrap;
  font-variant-numeric: tabular-nums; }
.track { display: flex; height: 1.1rem; } .track i { display: block; border-radius: 3px; min-width: 2px; }
.track i[style="width:0.00%"] { display: none; } .track .bar { background: var(--bar); }
.track .left { background: var(--left); }
svg { width: 100%; height: auto; display: block; font: 13px system-ui, sans-serif; }
svg text { fill: var(--ink); } svg .number, svg .tick { fill: var(--dim); } svg .tick { font-size: 12px; }
svg .bar { fill: var(--bar); } svg .axis { stroke: var(--line); }
figure { margin: 1rem 0 0; } figcaption { font-size: .9rem; color: var(--dim); margin-bottom: .3rem; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr)); gap: .75rem 1.5rem; }
.tables { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 250px), 1fr)); gap: 1.5rem; }
.tables .wide { grid-column: 1 / -1; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th { text-align: left; font-weight: 600; color: var(--dim); } td, th { padding: .3rem .8rem .3rem 0;
  border-bottom: 1px solid var(--line); vertical-align: top; }
td:not(:first-child) { font-variant-numeric: tabular-nums; }
details, .quiet { border: 1px solid var(--line); border-radius: 10px; margin: .6rem 0; padding: .6rem .9rem; }
summary { cursor: pointer; } summary:focus-visible { outline: 2px solid var(--bar); outline-offset: 4px; }
article { margin: .8rem 0 1.2rem; } article p { margin: 0 0 .3rem; font-size: .9rem; overflow-wrap: anywhere; }
pre { margin: 0; padding: .7rem .9rem; background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  font: 13px/1.5 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 22rem;
  overflow-y: auto; }
del { background: var(--del); text-decoration: line-through; } ins { background: var(--ins); text-decoration: none; }
@media (max-width: 560px) { main { padding-top: 1.25rem; } .cards { grid-template-columns: 1fr 1fr; }
  .bars li { grid-template-columns: 7.2rem 1fr 6.6rem; gap: .5rem; font-size: .82rem; } }
@media print { details > * { display: block; } pre { max-height: none; } }
"""
