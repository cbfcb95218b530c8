"""The look of the report, and the definitions at its foot."""

CSS = """
:root { color-scheme: light dark; --ink: #1c2326; --soft: #5c676c; --line: #d5dcdf; --paper: #fff; --own: #e8f2f9 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6ecee; --soft: #9eabb1; --line: #3a4449; --paper: #14191b; --own: #16303f } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
main { max-width: 1340px; margin: 0 auto; padding: 1.5rem }
h1 { font-size: 1.5rem; margin: 0 0 .5rem } h2 { margin: 2.2rem 0 .6rem; font-size: 1.2rem }
h3 { margin: 1.6rem 0 .2rem; font-size: 1rem } h4 { margin: 1rem 0 .2rem; font-size: .9rem; color: var(--soft) }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem }
dt { color: var(--soft) } dd { margin: 0 }
.wide { overflow-x: auto } table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: .4rem 0 }
th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap }
th:first-child { text-align: left; font-weight: 500 } tr:first-child th { color: var(--soft); font-weight: 500 }
tr.ours { background: var(--own) }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(380px, 1fr)); gap: 1rem; margin-top: 1rem }
figure { margin: 0 } figcaption { color: var(--soft); font-size: .85rem }
.plot { width: 100%; height: auto } .plot text { fill: var(--soft); font-size: 11px } .plot .tick { font-size: 10px }
.plot .grid { stroke: var(--line); stroke-width: 1 } .plot .line { fill: none; stroke-width: 1.8 }
.plot .even { stroke: var(--soft); stroke-dasharray: 2 3; fill: none }
"""

DEFINITIONS = """<h2>What the figures say</h2><dl>
<dt>AUC h</dt><dd>chance that a pair which ordered within h days had been given a higher probability than one which
did not; 0.5 is guessing</dd>
<dt>Brier skill h</dt><dd>1 less the mean squared error over that of always saying the share that came; 0 is knowing
only that share, which no forecast knows beforehand</dd>
<dt>ranked skill</dt><dd>the same over 7, 14 and 28 days at once</dd>
<dt>lift 14</dt><dd>share that came within 14 days among the 5 % with the highest probability, over that of all</dd>
<dt>calib. error 14</dt><dd>mean distance between forecast and share that came, in ten bins of equal count, fewer
where they would have under 30 rows</dd>
<dt>in 80 %</dt><dd>share of next orders inside the interval from the 10 % to the 90 % day, where that ends inside the
data; 0.78 to 0.82 is right</dd>
<dt>CRPS</dt><dd>continuous ranked probability score of the wait on 0 to 60 days (fewer where fewer are known); less is
better</dd>
<dt>pinball</dt><dd>mean loss of the 10, 50 and 90 % days, in days, cut at the same day; less is better</dd>
<dt>intervals</dt><dd>the middle 95 % over draws of whole accounts, the same draws for all methods</dd>
</dl>"""
