"""The look of the page: that of curation's report, and what only this one has."""

from typing import Final

from medgenius.curation.report.style import STYLE as _SHARED

STYLE: Final = (
    _SHARED
    + """
main { max-width: 1180px; }
:root { --better: #2a7f4f; --worse: #b3402f; }
@media (prefers-color-scheme: dark) { :root { --better: #5fbf8a; --worse: #e07a68; } }
.measures td:nth-child(n+2):not(.plot), .measures th:nth-child(n+2):not(.plot) { text-align: right;
  white-space: nowrap; padding-left: .8rem; padding-right: 0; }
.measures th.plot { text-align: center; }
.measures td:first-child { min-width: 13rem; } .measures td { vertical-align: middle; }
.measures .plot { width: 180px; padding: 0 0 0 1rem; } .measures small { color: var(--dim); display: block; }
.plot svg { width: 160px; } .plot line { stroke: var(--dim); stroke-width: 2; }
.plot .zero { stroke: var(--line); stroke-width: 1; } .plot circle { fill: var(--dim); }
.plot .better line { stroke: var(--better); } .plot .better circle { fill: var(--better); }
.plot .worse line { stroke: var(--worse); } .plot .worse circle { fill: var(--worse); }
.plot .other line { stroke: var(--ink); } .plot .other circle { fill: var(--ink); }
td.better { color: var(--better); } td.worse { color: var(--worse); }
.cards { grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); } .cards dd { overflow-wrap: anywhere; }
.measures th { vertical-align: bottom; }
.bars.double li { padding: .3rem 0; grid-template-columns: 11rem 1fr 10.5rem; }
.bars.double .track { display: grid; height: auto; gap: 2px; }
.bars.double .track i { height: .55rem; } .bars.double .track .left { background: var(--dim); opacity: .5; }
.key { display: flex; gap: 1.25rem; font-size: .85rem; color: var(--dim); margin: 0 0 .5rem; padding: 0;
  list-style: none; }
.key i { display: inline-block; width: .8rem; height: .55rem; border-radius: 3px; margin-right: .4rem; }
.key .base { background: var(--dim); opacity: .5; } .key .tuned { background: var(--bar); }
article h3 { margin: .4rem 0 .2rem; } article .scores { color: var(--dim); font-size: .85rem; }
pre b { display: block; font-family: system-ui, sans-serif; color: var(--dim); font-weight: 600; }
pre.question { border-left: 3px solid var(--bar); margin-bottom: .75rem; }
@media (max-width: 560px) { .bars.double li { grid-template-columns: 6.5rem 1fr 8.4rem; } }
"""
)
